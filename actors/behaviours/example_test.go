package behaviours_test

import (
	"fmt"
	"strings"

	"github.com/hibana-stream/hibana/actors/behaviours"
	"github.com/hibana-stream/hibana/messages"
)

// alarm publishes an event for each word that it watches for, and tells how many there were.
type alarm struct {
	word  string
	count int
}

func (a *alarm) Receive(c *behaviours.Context, e messages.RichEvent) error {
	if strings.HasPrefix(e.Content(), a.word) {
		a.count++
		c.Publish("alarms", messages.NewRichEvent("fire: "+e.Content()))
	}
	return nil
}

func (a *alarm) Tell(_ *behaviours.Context, json string) (string, error) {
	return fmt.Sprintf(`{"count":%d,"you said":%s}`, a.count, json), nil
}

// A behaviour goes to cmd.Execute(job, Alarm), and a Trial tests it. Its setting is behaviours.alarm.word in config.yaml.
func Example() {
	Alarm := behaviours.Behaviour{Name: "alarm", New: func(e behaviours.Env) behaviours.Actor {
		return &alarm{word: e.Setting("word", "blaze")}
	}}
	trial, err := behaviours.NewTrial(Alarm, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	err = trial.Send("spark 1", "blaze 2", "blaze 3")
	fmt.Println(err)
	for _, p := range trial.Published() {
		fmt.Println(p.Topic, p.Event)
	}
	fmt.Println(trial.Tell(`{"hello":1}`))
	// Output:
	// <nil>
	// alarms fire: blaze 2
	// alarms fire: blaze 3
	// {"count":2,"you said":{"hello":1}} <nil>
}
