package fanout

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// flat is a Meter with a price of a cent an item.
type flat struct{ finished int }

func (f *flat) Observe(_ time.Time, _, finished int) { f.finished = finished }
func (f *flat) Spent() float64                       { return 0.01 * float64(f.finished) }
func (f *flat) Left(remaining int) (float64, bool)   { return 0.01 * float64(remaining), f.finished > 0 }

// looks are those of a run that resumed with 1,000 of 12,000 items done.
func looks() []Progress {
	base := Progress{Total: 12_000, Before: 1000}
	at := func(seconds, done, failed, running int) Progress {
		p := base
		p.At, p.Started = now.Add(time.Duration(seconds)*time.Second), now
		p.Done, p.Failed, p.Running = done, failed, running
		return p
	}
	base.At = now
	return []Progress{base, at(2, 0, 0, 100), at(4, 200, 0, 100), at(12, 1000, 0, 100), at(22, 2000, 10, 100), at(24, 10_990, 10, 0)}
}

func TestLinesWithoutTerminal(t *testing.T) {
	var out strings.Builder
	d := Display{Output: &out, Noun: "items", Meter: &flat{}}
	for _, p := range looks() {
		d.Show(p)
	}
	d.End()
	want := "1,000 of 12,000 items done, 0 failed, 0 running, starting\n" +
		"2,000 of 12,000 items done, 0 failed, 100 running, 83/s, 12s, 2m00s left, $10, $100 left\n" +
		"3,000 of 12,000 items done, 10 failed, 100 running, 91/s, 22s, 1m38s left, $20, $90 left\n" +
		"11,990 of 12,000 items done, 10 failed, 0 running, 458/s, 24s, $110\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestBarFitsTerminal(t *testing.T) {
	for _, width := range []int{20, 60, 80, 120, 200} {
		var out strings.Builder
		d := Display{Output: &out, Noun: "items", Terminal: true, Width: func() int { return width }}
		for _, p := range looks() {
			d.Show(p)
		}
		d.End()
		d.End()
		lines := strings.Split(out.String(), "\r\x1b[K")
		if len(lines) != 7 || !strings.HasSuffix(out.String(), "\n") || strings.Count(out.String(), "\n") != 1 {
			t.Fatalf("width %d: %q", width, out.String())
		}
		for _, line := range lines[1:] {
			if length := len([]rune(strings.TrimSuffix(line, "\n"))); length >= width {
				t.Errorf("width %d: %d columns: %s", width, length, line)
			}
		}
		if width == 120 && !strings.HasPrefix(lines[5], "[#######x......................] 3,000 of 12,000") {
			t.Errorf("got %s", lines[5])
		}
	}
}

func TestDurationsHaveTwoUnits(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 59 * time.Second: "59s", 61 * time.Second: "1m01s", 3*time.Hour + 5*time.Minute: "3h05m", 50 * time.Hour: "2d2h",
	} {
		if got := duration(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}
