package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"defog-cdk/bench/stage"
	"defog-cdk/internal/testserver/runtimeapi"
)

// level is the result of one number of environments.
type level struct {
	started    time.Duration   // until every environment has answered its first question
	took       time.Duration   // of all further questions
	answers    []time.Duration // of each of them, sorted
	processors usage           // while they were answered

	generator, database, rest time.Duration // sums over the answers
}

// measure starts n environments, and has them answer the questions.
func measure(s *stage.Stage, n, questions int) (_ *level, err error) {
	functions := make([]*runtimeapi.Function, 0, n)
	defer func() {
		for _, f := range functions {
			if text := f.Stop(); err != nil {
				err = fmt.Errorf("%w\n%s", err, text)
			}
		}
	}()
	began := time.Now()
	for range n {
		f, err := runtimeapi.Start(runtimeapi.Config{Command: []string{s.Bootstrap}, Environment: s.Environment})
		if err != nil {
			return nil, err
		}
		functions = append(functions, f)
	}
	if err := new(level).ask(functions, 1); err != nil { // the first question of each is its cold start
		return nil, err
	}
	l := &level{started: time.Since(began)}

	before, err := measureUsage(functions, s.Postgres.PID())
	if err != nil {
		return nil, err
	}
	began = time.Now()
	if err := l.ask(functions, max(1, questions/n)); err != nil {
		return nil, err
	}
	l.took = time.Since(began)
	after, err := measureUsage(functions, s.Postgres.PID())
	if err != nil {
		return nil, err
	}
	l.processors = after.since(before)
	slices.Sort(l.answers)
	return l, nil
}

// ask has every environment answer as many questions, one after the other.
func (l *level) ask(functions []*runtimeapi.Function, each int) error {
	var mu sync.Mutex
	var problems []error
	var group sync.WaitGroup
	for i, f := range functions {
		group.Go(func() {
			var part level
			var err error
			for asked := 0; asked < each && err == nil; asked++ {
				err = part.question(f)
			}
			mu.Lock()
			defer mu.Unlock()
			l.answers = append(l.answers, part.answers...)
			l.generator, l.database, l.rest = l.generator+part.generator, l.database+part.database, l.rest+part.rest
			if err != nil {
				problems = append(problems, fmt.Errorf("environment %d: %w", i+1, err))
			}
		})
	}
	group.Wait()
	return errors.Join(problems...)
}

// question asks one question, and adds its times.
func (l *level) question(f *runtimeapi.Function) error {
	began := time.Now()
	out, err := f.Invoke(stage.Payload)
	took := time.Since(began)
	if err != nil {
		return err
	}
	var answer struct {
		RanSuccessfully bool    `json:"ran_successfully"`
		Execution       float64 `json:"execution_time_taken"`
		Generation      float64 `json:"generation_time_taken"`
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		return fmt.Errorf("read the answer %s: %w", out, err)
	}
	if !answer.RanSuccessfully {
		return fmt.Errorf("the question failed: %s", out)
	}
	generator, database := seconds(answer.Generation), seconds(answer.Execution)
	l.answers = append(l.answers, took)
	l.generator, l.database, l.rest = l.generator+generator, l.database+database, l.rest+took-generator-database
	return nil
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// rate returns the questions a second.
func (l *level) rate() float64 { return float64(len(l.answers)) / l.took.Seconds() }

// percentile returns the time within which a share of the answers came.
func (l *level) percentile(share float64) time.Duration {
	return l.answers[min(len(l.answers)-1, int(share*float64(len(l.answers))))]
}

// each returns the part of one question in a sum.
func (l *level) each(sum time.Duration) time.Duration { return sum / time.Duration(len(l.answers)) }
