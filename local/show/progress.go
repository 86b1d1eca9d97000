package show

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"defog-cdk/cmd/defog/terminal"
)

// progress shows what a demo is doing, and for how long.
type progress struct {
	out     io.Writer
	width   int  // columns, if out is a terminal whose last line can be redrawn; else 0
	verbose bool // pass the output of the steps' programs through
}

// step does one thing that takes a while. What it writes is shown as it comes
// when verbose, else only when it fails, and only the end of it.
func (p *progress) step(title string, do func(out io.Writer) error) error {
	begin, every := time.Now(), 10*time.Second
	if p.live() {
		every = time.Second
		p.tick(title, 0)
	} else {
		fmt.Fprintf(p.out, "▸ %s …\n", title)
	}
	var log bytes.Buffer
	out := io.Writer(&log)
	if p.verbose {
		out = p.out
	}

	done := make(chan error, 1)
	go func() { done <- do(out) }()
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			p.tick(title, time.Since(begin))
		case err := <-done:
			p.end(title, time.Since(begin), err)
			if err != nil {
				fmt.Fprint(p.out, tail(log.String(), 30))
			}
			return err
		}
	}
}

// live reports whether the last line is redrawn, which is impossible when programs
// write in between.
func (p *progress) live() bool { return p.width > 0 && !p.verbose }

func (p *progress) tick(title string, elapsed time.Duration) {
	switch {
	case p.verbose:
	case p.live():
		line := []rune(fmt.Sprintf("▸ %s … %.0f s", title, elapsed.Seconds()))
		fmt.Fprintf(p.out, "\r\x1b[K%s", string(line[:min(len(line), p.width-1)]))
	default:
		fmt.Fprintf(p.out, "  … %.0f s\n", elapsed.Seconds())
	}
}

func (p *progress) end(title string, elapsed time.Duration, err error) {
	mark := "✓"
	if err != nil {
		mark = "✗"
	}
	if p.live() {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
	fmt.Fprintf(p.out, "%s %s (%.1f s)\n", mark, title, elapsed.Seconds())
}

// tail returns the last lines of text, without empty ones.
func tail(text string, most int) string {
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' })
	var tail strings.Builder
	for _, line := range lines[max(0, len(lines)-most):] {
		fmt.Fprintf(&tail, "  │ %s\n", terminal.Line(line))
	}
	return tail.String()
}
