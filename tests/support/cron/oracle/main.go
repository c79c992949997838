// Answers what robfig/cron, which the CronJob controller uses, makes of a schedule.
//
// Each line of the input is a JSON object: an expression, a zone ("" leaves it
// out) and instants in Unix seconds. Each line of the output answers one of
// them: an error, or the next instant after each, null where there is none and
// "loops" where the search does not end.
package main

import (
	"bufio"
	"encoding/json"
	"os"
	"time"

	"github.com/robfig/cron/v3"
)

const patience = 3 * time.Second

type question struct {
	Expression string
	Zone       string
	After      []int64
}

type answer struct {
	Error string `json:"error,omitempty"`
	Next  []any  `json:"next,omitempty"`
}

func ask(q question) answer {
	text := q.Expression
	if q.Zone != "" {
		text = "TZ=" + q.Zone + " " + text
	}
	schedule, err := cron.ParseStandard(text)
	if err != nil {
		return answer{Error: err.Error()}
	}
	next := []any{}
	for _, after := range q.After {
		next = append(next, nextOf(schedule, time.Unix(after, 0).UTC()))
	}
	return answer{Next: next}
}

func nextOf(schedule cron.Schedule, after time.Time) any {
	found := make(chan time.Time, 1)
	go func() { found <- schedule.Next(after) }()
	select {
	case at := <-found:
		if at.IsZero() {
			return nil
		}
		return at.Unix()
	case <-time.After(patience):
		return "loops"
	}
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	answers := json.NewEncoder(out)
	for lines.Scan() {
		var q question
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			panic(err)
		}
		if err := answers.Encode(ask(q)); err != nil {
			panic(err)
		}
	}
	if err := lines.Err(); err != nil {
		panic(err)
	}
}
