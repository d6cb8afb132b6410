package actors

import (
	"context"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/hibana-stream/hibana/messages"
)

// Behaviour is an actor of the user's in the tree; package behaviours makes them.
type Behaviour struct {
	Name string
	// Props make it. ended ends when the stream does, producer takes events to publish.
	Props func(ended context.Context, producer *actor.PID) *actor.Props
}

// spawnBehaviours brings them to life, under the same supervision as the rest of the tree.
func (s *System) spawnBehaviours() error {
	s.behaviours = map[string]*actor.PID{}
	for _, b := range s.set.Behaviours {
		props := b.Props(s.set.Context.Ended(), s.producer)
		props.Configure(append(s.shared.middleware(), actor.WithGuardian(s.shared.strategy))...)
		pid, err := s.actors.Root.SpawnNamed(props, b.Name)
		if err != nil {
			return fmt.Errorf("behaviour %s: %w", b.Name, err)
		}
		s.behaviours[b.Name] = pid
	}
	return nil
}

// SendTo puts a message into a behaviour's mailbox; it does not block.
func (s *System) SendTo(behaviour string, message any) {
	s.actors.Root.Send(s.behaviours[behaviour], message)
}

// Tell sends a behaviour JSON and waits for its answer.
func (s *System) Tell(behaviour, json string, timeout time.Duration) (string, error) {
	pid, ok := s.behaviours[behaviour]
	if !ok {
		return "", fmt.Errorf("there is no behaviour %q in this program", behaviour)
	}
	answer, err := s.actors.Root.RequestFuture(pid, messages.Tell{JSON: json}, timeout).Result()
	if err != nil {
		return "", err
	}
	told := answer.(messages.Told)
	return told.Answer, told.Err
}
