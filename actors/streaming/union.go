package streaming

// Union is this stream and the others as one: its partitions are theirs, one stream behind the other, and nothing is moved for it. Spark:
// union.
func (s Stream[T]) Union(others ...Stream[T]) Stream[T] {
	s.n = made(s.n, "union")
	return union(s.n.context, append([]Stream[T]{s}, others...))
}

// Union is all the streams as one: its partitions are theirs, one stream behind the other, and nothing is moved for it. All must have the
// same slide. A batch in which one of them has no dataset fails. Spark: StreamingContext.union.
func Union[T any](c *Context, streams ...Stream[T]) Stream[T] { return union(c, streams) }

func union[T any](c *Context, streams []Stream[T]) Stream[T] {
	n := typed[T](&node{inputs: nodesOf(streams), union: true})
	c.add("union", n).must(len(streams) == 0, "List of DStreams to union is empty")
	return Stream[T]{n}
}

// nodesOf are the streams' nodes.
func nodesOf[T any](streams []Stream[T]) []*node {
	out := make([]*node, len(streams))
	for i, s := range streams {
		out[i] = s.n
	}
	return out
}
