package main

import (
	"fmt"
	"os"
	"slices"
	"time"

	"defog-cdk/bench/table"
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

// print compares the two apps.
func (t times) print(ways []way, first, second string) error {
	rows := table.New("seconds: median (fastest)", first, second, "ratio")
	for _, w := range ways {
		a, b := t[w][0], t[w][1]
		rows.Row(w.String(), seconds(a), seconds(b),
			fmt.Sprintf("%.2f (%.2f)", median(a)/median(b), slices.Min(a).Seconds()/slices.Min(b).Seconds()))
	}
	return rows.Write(os.Stdout)
}

func seconds(times []time.Duration) string {
	return fmt.Sprintf("%.2f (%.2f)", median(times), slices.Min(times).Seconds())
}

func median(times []time.Duration) float64 {
	sorted := slices.Sorted(slices.Values(times))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]).Seconds() / 2
}
