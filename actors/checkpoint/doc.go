// Package checkpoint keeps what a stream must not forget: its progress and the state of its operations, saved as one
// (Store), and the account of its batches (Ledger, Read, Verify, Explain).
//
// # The store
//
// A folder belongs to one process, which holds the file "lock" locked. The state is the newest whole snapshot and all logs
// from its generation on, in their order:
//
//	state-000003.snapshot   ┐ the older generation: with the log below
//	state-000003.log        ┘ it is exactly the newer snapshot
//	state-000004.snapshot   ┐ the newest generation
//	state-000004.log        ┘ every Plan and every Save adds a frame here
//
// Both kinds of file have one form, numbers in little endian, checksums CRC-32C:
//
//	file      preamble, frame, frame, …   (a snapshot: one frame, the whole state)
//	frame     header, payload
//
//	          ┌ 8 ───────┬ 4 ──────┬ 4 ───────────┬ 8 ────────────┬ 4 ───┬ 4 ───────────┐
//	preamble  │ HIBANACP │ version │ 'L' log      │ number of the │ zero │ checksum of  │
//	          │          │ 3       │ 'S' snapshot │ first frame   │      │ the preamble │
//	          └──────────┴─────────┴──────────────┴───────────────┴──────┴──────────────┘
//	          ┌ 4 ───┬ 8 ───────────┬ 7 ──────────┬ 1 ────────┬ 4 ──────────┬ 4 ──────────┬ 4 ───┐
//	header    │ HBF1 │ number from  │ length of   │ 'B' batch │ checksum of │ checksum of │ -HBF │
//	          │      │ 1 on, no gap │ the payload │ 'P' plan  │ the payload │ the header  │      │
//	          └──────┴──────────────┴─────────────┴───────────┴─────────────┴─────────────┴──────┘
//	          ┌ 4 ────────┬ title ────────────────────────────┬ changes ────────────────────┬ 1 ─┐
//	payload   │ length of │ time, attempt; zero time for a    │ tag, block; the tag is      │ 01 │
//	          │ the title │ batch; ranges; topics, shapes for │ 2 + the operation's number  │    │
//	          │           │ a batch                           │                             │    │
//	          └───────────┴───────────────────────────────────┴─────────────────────────────┴────┘
//
// In the title and the changes numbers are varints; strings and blocks have their length in front. The operations of a frame are numbered
// from 0 on; between an operation's first tag and the block stands its name. The topics are the ids of the ranges' topics, each one once, and
// for each range the number of its topic's from 1 on, 0 for one that is not known; without any there are no numbers. What a block is: see messages.Changes.
//
// A save writes the payload, then (in the same write, below 1 MiB) the header, and waits for the disk. What happens when it is
// interrupted: the end of the last log is short or has unwritten zeros, and is cut off by the next Open. Any other damage is
// never taken for that: the file is refused by name and byte (CorruptError), and what can be had without it is used with a warning, or
// nothing at all if that would be the empty state. Files that were refused are renamed to ….refused with the next save.
//
// When two thirds of snapshot and logs are out of date, a Save begins the next generation: first the new log, then the snapshot in front
// of it, under another name until it is whole; then what is older than two generations is removed. Wherever that stops, the chain of
// the older snapshot and the logs is the same state.
//
// # The ledger
//
// One line of JSON a batch, in files GROUP@INSTANCE.NUMBER.ledger.jsonl of bounded size and number; the numbers go on and on.
//
//	{"time":"2026-01-31T12:00:02Z","attempt":1,"batch":7,"instance":"web-0","group":"orders","parts":[{"topic":"orders",
//	 "partition":0,"from":100,"until":150,"records":50,"lag":0}],"records":50,"outputs":[{"id":0,"name":"print","ms":0.21}],
//	 "ms":{"collect":0.4,"merge":0.1,"outputs":0.3,"commit":1.9},"committed":true}
//
// A part has a "topic_id", too, where the cluster gives one: it tells a topic from another one of the same name, before or after it.
//
// Whoever wants a ledger that is contiguous after kill -9, too, appends a batch twice: before its commit (Committed false, no error)
// and after it. Of the two lines the later counts; where it is missing, Verify sees from the batches around whether the commit went through.
package checkpoint
