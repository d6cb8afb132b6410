package checkpoint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hibana-stream/hibana/messages"
)

// Difference is how a job's stateful operations differ from those that saved the state. Operations are matched by name.
type Difference struct {
	// Added were not there when the state was saved; they start empty.
	Added []messages.Shape
	// Removed have saved state that no operation of the job would take.
	Removed []messages.Shape
	// Changed are there under another kind or codec, which cannot read what was saved; each is what it was and what it is.
	Changed []Reshaped
}

// Reshaped is one operation whose kind or codec is not what it was.
type Reshaped struct{ Was, Now messages.Shape }

// Compare tells how now, the job's stateful operations, differ from the saved ones. Save takes the new shapes over: from then on
// the state of what was removed or changed is gone.
func Compare(saved, now []messages.Shape) Difference {
	var d Difference
	for _, shape := range now {
		switch was, ok := named(saved, shape.Operator); {
		case !ok:
			d.Added = append(d.Added, shape)
		case was != shape:
			d.Changed = append(d.Changed, Reshaped{was, shape})
		}
	}
	for _, shape := range saved {
		if _, ok := named(now, shape.Operator); !ok {
			d.Removed = append(d.Removed, shape)
		}
	}
	return d
}

func named(shapes []messages.Shape, operator string) (messages.Shape, bool) {
	i := slices.IndexFunc(shapes, func(s messages.Shape) bool { return s.Operator == operator })
	if i < 0 {
		return messages.Shape{}, false
	}
	return shapes[i], true
}

// Err is nil when no saved state would be lost; otherwise an ErrShape that names every operation that was removed or changed.
func (d Difference) Err() error {
	var all []string
	for _, s := range d.Removed {
		all = append(all, fmt.Sprintf("%s %q was removed", s.Kind, s.Operator))
	}
	for _, c := range d.Changed {
		if c.Was.Kind != c.Now.Kind {
			all = append(all, fmt.Sprintf("%q was %s and is %s", c.Now.Operator, c.Was.Kind, c.Now.Kind))
		}
		if c.Was.Codec != c.Now.Codec {
			all = append(all, fmt.Sprintf("%s %q was saved as %s and reads %s", c.Now.Kind, c.Now.Operator, c.Was.Codec, c.Now.Codec))
		}
	}
	if len(all) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrShape, strings.Join(all, "; "))
}
