package fanout

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Meter estimates what a run costs, in US dollars.
type Meter interface {
	Observe(at time.Time, running, finished int)
	Spent() float64
	Left(remaining int) (float64, bool)
}

// Display prints the progress of a run: a bar on a terminal, otherwise lines.
type Display struct {
	Output   io.Writer
	Terminal bool
	Width    func() int // of the terminal
	Noun     string     // "items" or "chunks"
	Meter    Meter      // nil without prices

	rate    rate
	metered bool
	shown   Progress  // the latest printed one
	printed time.Time // when
	dirty   bool      // a bar stands on the line
}

// lineInterval is the time between two lines without a terminal.
const lineInterval = 10 * time.Second

// Show prints the progress. Without a terminal, it prints changes alone, and not all.
func (d *Display) Show(p Progress) {
	d.rate.add(p.At, p.Done+p.Failed)
	d.meter(p)
	if d.Terminal {
		text := d.line(p)
		width := d.Width() - 1
		bar := bar(p, width-len([]rune(text))-1)
		fmt.Fprint(d.Output, "\r\x1b[K", clip(bar+text, width))
		d.dirty = true
		return
	}
	changed := p.Stopped != d.shown.Stopped || p.Done != d.shown.Done || p.Failed != d.shown.Failed || p.Running != d.shown.Running
	ended := p.Left() == 0 && !p.Started.IsZero()
	if d.printed.IsZero() || changed && (ended || p.At.Sub(d.printed) >= lineInterval) {
		fmt.Fprintln(d.Output, d.line(p))
		d.shown, d.printed = p, p.At
	}
}

// End leaves the bar on its line.
func (d *Display) End() {
	if d.dirty {
		fmt.Fprintln(d.Output)
		d.dirty = false
	}
}

func (d *Display) meter(p Progress) {
	if d.Meter == nil || p.Started.IsZero() {
		return
	}
	if !d.metered {
		d.Meter.Observe(p.Started, p.Running, 0) // the part before the first look
		d.metered = true
	}
	d.Meter.Observe(p.At, p.Running, p.Done+p.Failed)
}

// line returns the progress as text.
func (d *Display) line(p Progress) string {
	parts := []string{
		fmt.Sprintf("%s of %s %s done", number(p.Before+p.Done), number(p.Total), d.Noun),
		number(p.Failed) + " failed", number(p.Running) + " running",
	}
	if p.Stopped > 0 {
		parts = append(parts, number(p.Stopped)+" stopped")
	}
	if p.Started.IsZero() {
		return strings.Join(append(parts, "starting"), ", ")
	}
	times := duration(p.At.Sub(p.Started))
	if perSecond := d.rate.perSecond(); perSecond > 0 {
		parts = append(parts, fmt.Sprintf("%s/s", significant(perSecond)))
		if left := p.Left(); left > 0 {
			times += ", " + duration(time.Duration(float64(left)/perSecond*float64(time.Second))) + " left"
		}
	}
	parts = append(parts, times)
	if d.Meter != nil {
		cost := dollars(d.Meter.Spent())
		if left, known := d.Meter.Left(p.Left()); known && p.Left() > 0 {
			cost += ", " + dollars(left) + " left"
		}
		parts = append(parts, cost)
	}
	return strings.Join(parts, ", ")
}

// bar returns a bar of a width with its two brackets and a blank, or "" without room.
func bar(p Progress, width int) string {
	cells := min(width-3, 30)
	if cells < 5 || p.Total == 0 {
		return ""
	}
	full := cells * (p.Before + p.Done) / p.Total
	failed := min(cells-full, (cells*p.Failed+p.Total-1)/p.Total)
	return "[" + strings.Repeat("#", full) + strings.Repeat("x", failed) + strings.Repeat(".", cells-full-failed) + "] "
}

func clip(text string, width int) string {
	if runes := []rune(text); width > 0 && len(runes) > width {
		return string(runes[:width])
	}
	return text
}

// window is the time over which a rate is measured.
const window = time.Minute

// rate is the number of items that end in a second, over the last minute.
type rate struct {
	samples []sample
}

type sample struct {
	at    time.Time
	ended int
}

func (r *rate) add(at time.Time, ended int) {
	r.samples = append(r.samples, sample{at, ended})
	for len(r.samples) > 2 && at.Sub(r.samples[1].at) >= window {
		r.samples = r.samples[1:]
	}
}

func (r *rate) perSecond() float64 {
	if len(r.samples) < 2 {
		return 0
	}
	first, last := r.samples[0], r.samples[len(r.samples)-1]
	if seconds := last.at.Sub(first.at).Seconds(); seconds > 0 {
		return float64(last.ended-first.ended) / seconds
	}
	return 0
}

// number returns a count with commas.
func number(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func significant(value float64) string {
	if value >= 10 {
		return fmt.Sprintf("%.0f", value)
	}
	return fmt.Sprintf("%.2g", value)
}

func dollars(value float64) string {
	if value >= 10 {
		return fmt.Sprintf("$%.0f", value)
	}
	return fmt.Sprintf("$%.2f", value)
}

// duration returns a time in its two largest units.
func duration(d time.Duration) string {
	switch d = max(0, d.Round(time.Second)); {
	case d >= 24*time.Hour:
		return fmt.Sprintf("%dd%dh", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
	case d >= time.Hour:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	}
	return fmt.Sprintf("%ds", d/time.Second)
}
