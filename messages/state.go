package messages

// Change is one entry of a stateful operation that a batch set or deleted: what the checkpoint and the changelog save.
// Key and Value are encoded with the operation's codecs.
type Change struct {
	// Operator is the operation's name, unique in the job.
	Operator   string
	Key, Value string
	Deleted    bool
	// Partition is the partition of the source that the entry belongs to; the zero value when state covers all partitions.
	Partition TopicPartition
}

// Shape identifies a stateful operation, so that a job is never given state that another job saved.
type Shape struct {
	// Operator is its name, Kind what it is in Spark's word, Codec how its keys and values are encoded.
	Operator, Kind, Codec string
}
