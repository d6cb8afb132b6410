// Package messages is the vocabulary of Hibana: every value that actors exchange.
//
// One rule holds for all of them: what is sent is never written again. Fields that a holder could reach into
// (slices, maps) are unexported, and their accessors hand out copies or iterators; a reflection test walks every
// type of the package and keeps it so. Strings may alias a buffer of the Kafka client: whoever keeps one beyond
// its batch clones it (strings.Clone).
//
//	message     from → to                     answer
//	Publish     anyone → producer             Delivered
//	Assigned    source → aggregator           consumers are spawned
//	Revoked     source → aggregator           Membership.Released
//	Lost        source → aggregator
//	Ready       consumer → aggregator         Open
//	Open        aggregator → consumer         Events begin to flow
//	Events      source → consumer             Reader.Consumed
//	Cut         aggregator → consumer         Part
//	Part        consumer → aggregator         the next Open
//	Tick        batch clock → aggregator
//	Ran         runner → aggregator           BatchReport to whoever listens
//
// The package imports the standard library only.
package messages
