package main

import (
	"fmt"
	"slices"
	"time"
)

// way is one way to synthesize.
type way struct {
	cli      bool // through the CDK CLI, or the app command alone as the CLI runs it
	validate bool
	edit     bool // after a one-line edit of the source
}

func ways() (all []way) {
	for _, cli := range []bool{false, true} {
		for _, edit := range []bool{false, true} {
			all = append(all, way{cli, true, edit}, way{cli, false, edit})
		}
	}
	return all
}

func (w way) String() string {
	text := "app alone"
	if w.cli {
		text = "`cdk synth`"
	}
	if w.edit {
		text += " after an edit"
	}
	if !w.validate {
		text += ", without validation"
	}
	return text
}

// times are what each way took, for each app.
type times map[way][][]time.Duration

// print compares the first app, in Go, with the second, in JavaScript.
func (t times) print() {
	fmt.Println("| seconds: median (fastest) | Go | JavaScript | ratio |")
	fmt.Println("|---|---|---|---|")
	for _, w := range ways() {
		golang, javascript := t[w][0], t[w][1]
		fmt.Printf("| %s | %s | %s | %.2f (%.2f) |\n", w, seconds(golang), seconds(javascript),
			median(golang)/median(javascript), slices.Min(golang).Seconds()/slices.Min(javascript).Seconds())
	}
}

func seconds(times []time.Duration) string {
	return fmt.Sprintf("%.2f (%.2f)", median(times), slices.Min(times).Seconds())
}

func median(times []time.Duration) float64 {
	sorted := slices.Sorted(slices.Values(times))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]).Seconds() / 2
}
