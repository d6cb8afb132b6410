// Package checkpoint keeps what a stream must not forget: its progress and its state, saved as one, and the ledger of its batches.
package checkpoint
