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
			if !strings.HasPrefix(path, "future") && path != "eventstream" && path != "guardian" {
				paths = append(paths, path)
			}
		}
	}
	slices.Sort(paths)
	return paths
}
