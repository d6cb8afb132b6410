package streaming

// gatherAll collects all inputs of a wide operation.
func (b *run) gatherAll(n *node) ([]gathered, error) {
	all := make([]gathered, len(b.program.inputs[n]))
	for i, in := range b.program.inputs[n] {
		var err error
		if all[i], err = b.gather(in); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// gather collects one input: along each path, the slot's results in the order of the partitions.
func (b *run) gather(in input) (gathered, error) {
	var g gathered
	for _, p := range in.paths {
		if p.root.source != nil && p.root.source.pull == nil {
			b.gatherParts(&g, p)
			continue
		}
		if b.datasets[p.root] == nil {
			g.none = true
			continue
		}
		for i, partials := range b.locals[p.root] {
			if b.part >= 0 && b.owners[p.root][i] != b.part {
				continue
			}
			g.results = append(g.results, partials.([]any)[p.slot])
			if ranges := b.pulled.ranges[p.root]; i < len(ranges) {
				g.spans = append(g.spans, ranges[i])
			}
		}
	}
	if g.none && in.union != nil {
		return g, wrapped(in.union, &timeError{"Could not generate RDD from a parent for unifying at time", b.time})
	}
	return g, nil
}

func (b *run) gatherParts(g *gathered, p path) {
	for i, part := range b.parts {
		if b.part >= 0 && i != b.part {
			continue
		}
		if p.root.source.reads(part.Range.Topic) {
			g.results = append(g.results, part.Partials[p.slot])
			g.ranges = append(g.ranges, part.Range)
			g.spans = append(g.spans, part.Range)
		}
	}
}
