package messages

import (
	"fmt"
	"strings"
	"time"
)

// planForm is how a plan stands in the metadata of an offset commit; the number is the form's version. Behind it stands the topic's id, where
// the cluster gives one.
const (
	planForm  = "hibana/1 time=%d until=%d attempt=%d"
	planTopic = " topic="
)

// Encode is the plan as metadata of an offset commit.
func (p Plan) Encode() string {
	text := fmt.Sprintf(planForm, p.Time.UnixMilli(), p.Until, p.Attempt)
	if p.TopicID.Known() {
		text += planTopic + p.TopicID.String()
	}
	return text
}

// ParsePlan reads the metadata of an offset commit; ok is false when it holds no plan of ours.
func ParsePlan(metadata string) (p Plan, ok bool) {
	var millis int64
	if !strings.HasPrefix(metadata, "hibana/1 ") {
		return Plan{}, false
	}
	metadata, id, _ := strings.Cut(metadata, planTopic)
	if err := p.TopicID.UnmarshalText([]byte(id)); err != nil {
		return Plan{}, false
	}
	if n, err := fmt.Sscanf(metadata, planForm, &millis, &p.Until, &p.Attempt); err != nil || n != 3 {
		return Plan{}, false
	}
	p.Time = time.UnixMilli(millis)
	return p, true
}
