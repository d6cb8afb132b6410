package streaming

import "github.com/hibana-stream/hibana/messages"

const (
	eventHead = `{"content":"`
	eventTail = `"}`
)

// decodeEvents is decodeAll for events, with the usual shape read in the loop itself: this is where every record of the simplest
// job passes.
func decodeEvents(t *Task, n *node, down sink[messages.RichEvent]) func([]messages.Raw) {
	oneByOne := decodeAll(t, n, down, func(r *messages.Raw, out *messages.RichEvent) (err error) {
		*out, err = decodeEvent(r)
		return err
	})
	var out []messages.RichEvent
	t.rests(func() { clear(out[:cap(out)]) })
	return func(in []messages.Raw) {
		if t.rejecting {
			oneByOne(in)
			return
		}
		t.at(n)
		out = out[:0]
		for i := range in {
			if content, ok := scanContent(in[i].Value()); ok {
				out = append(out, messages.NewRichEvent(content))
				continue
			}
			e, err := decodeEvent(&in[i])
			if err != nil {
				t.reject(&in[i], "decode", err)
				continue
			}
			out = append(out, e)
		}
		if len(out) > 0 {
			down.push(out)
		}
	}
}

// decodeTexts is decodeEvents for values that are the content as they are.
func decodeTexts(t *Task, n *node, down sink[messages.RichEvent], form messages.Form) func([]messages.Raw) {
	decode := func(wire string) (messages.RichEvent, error) { return messages.NewRichEvent(wire), nil }
	if form == messages.FormString {
		decode = func(wire string) (messages.RichEvent, error) {
			text, err := String(wire)
			return messages.NewRichEvent(text), err
		}
	}
	return decodeAll(t, n, down, func(r *messages.Raw, out *messages.RichEvent) (err error) {
		*out, err = decodeEventBy(decode, r)
		return err
	})
}

// decodeContent reads {"content":"…"}. The usual shape, without escapes and control characters, is read here, without an
// allocation: the content aliases the wire. Everything else goes to decodeContentSlow, and a fuzz test keeps both of one mind.
func decodeContent(wire string) (messages.RichEvent, error) {
	if content, ok := scanContent(wire); ok {
		return messages.NewRichEvent(content), nil
	}
	return decodeContentSlow(wire)
}

// scanContent finds the content of the usual shape. Nothing that is not plain ASCII inside the string is judged here.
func scanContent(wire string) (string, bool) {
	if len(wire) < len(eventHead)+len(eventTail) || wire[:len(eventHead)] != eventHead || wire[len(wire)-len(eventTail):] != eventTail {
		return "", false
	}
	content := wire[len(eventHead) : len(wire)-len(eventTail)]
	return content, plain(content)
}
