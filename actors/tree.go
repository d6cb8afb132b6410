package actors

import (
	"slices"
	"strings"

	"github.com/asynkron/protoactor-go/actor"
)

// livingActors lists the paths of the actors of this program; protoactor's own are left out.
func livingActors(s *actor.ActorSystem) []string {
	var paths []string
	for i := range s.ProcessRegistry.LocalPIDs.LocalPIDs {
		for _, path := range s.ProcessRegistry.LocalPIDs.LocalPIDs[i].Keys() {
			if !inner(path) {
				paths = append(paths, path)
			}
		}
	}
	slices.Sort(paths)
	return paths
}

// inner tells whether a process is protoactor's own: a future, a guardian, the dead letters.
func inner(path string) bool {
	return slices.ContainsFunc([]string{"future", "guardian", "eventstream", "deadletter"}, func(own string) bool {
		return strings.HasPrefix(path, own)
	})
}
