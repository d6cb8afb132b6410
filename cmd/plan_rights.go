package cmd

import (
	"fmt"
	"slices"
)

// planRight is a right that a run needs, as an access control list names it.
type planRight struct {
	Right    string `json:"right"`
	Resource string `json:"resource"`
	Name     string `json:"name"`
	// Granted is yes, no, or unknown when the cluster does not tell.
	Granted string `json:"granted"`
}

// right lists rights on one thing. granted are those that the cluster told (nil: it did not), refused says that it refused.
func (p *plan) right(resource, name string, granted []string, refused bool, needed ...string) {
	for _, right := range needed {
		state := "unknown"
		switch {
		case refused:
			state = "no"
		case granted == nil:
		case slices.Contains(granted, right) || slices.Contains(granted, "ALL"):
			state = "yes"
		default:
			state = "no"
			p.ends(&refusal{fmt.Sprintf("the user has no right %s on %s %q", right, resource, name)})
		}
		p.Rights = append(p.Rights, planRight{Right: right, Resource: resource, Name: name, Granted: state})
	}
}

// extraRights are those that only some deliveries need.
func (a *planner) extraRights() {
	if a.config.Delivery != ExactlyOnce && len(a.program.StatefulTopics()) == 0 {
		return
	}
	for _, right := range []string{"WRITE", "DESCRIBE"} {
		a.Rights = append(a.Rights, planRight{Right: right, Resource: "transactional id", Name: a.Group + "*", Granted: "unknown"})
	}
}
