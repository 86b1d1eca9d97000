package initialize

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// errInterrupted reports the end of the input, or an interrupt.
var errInterrupted = errors.New("interrupted; no file is written")

// prompter asks questions at a terminal.
type prompter struct {
	terminal *os.File
	lines    *bufio.Reader
	out      io.Writer
}

// newPrompter returns nil if stdin is not a terminal.
func newPrompter(stdin io.Reader, out io.Writer) *prompter {
	terminal, ok := stdin.(*os.File)
	if !ok || !term.IsTerminal(int(terminal.Fd())) {
		return nil
	}
	return &prompter{terminal: terminal, lines: bufio.NewReader(terminal), out: out}
}

// question is one question to the operator.
type question struct {
	title   string
	initial string             // the answer to an empty line
	secret  bool               // no echo
	check   func(string) error // of an answer; nil accepts every text
}

// ask repeats the question until its check accepts the answer.
func (p *prompter) ask(ctx context.Context, q question) (string, error) {
	for {
		prompt := q.title
		if q.initial != "" {
			prompt += " [" + q.initial + "]"
		}
		fmt.Fprint(p.out, prompt+": ")
		answer, err := p.read(ctx, q.secret)
		if err != nil {
			return "", err
		}
		if answer == "" {
			answer = q.initial
		}
		if q.check == nil {
			return answer, nil
		}
		invalid := q.check(answer)
		if invalid == nil {
			return answer, nil
		}
		fmt.Fprintf(p.out, "  %v\n", invalid)
	}
}

// read returns one line. The end of ctx, which Ctrl-C brings, ends it and restores
// the terminal's echo.
func (p *prompter) read(ctx context.Context, secret bool) (string, error) {
	type line struct {
		text string
		err  error
	}
	fd := int(p.terminal.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("read the terminal's state: %w", err)
	}
	read := make(chan line, 1)
	go func() {
		if secret {
			text, err := term.ReadPassword(fd)
			read <- line{string(text), err}
			return
		}
		text, err := p.lines.ReadString('\n')
		read <- line{text, err}
	}()
	select {
	case answer := <-read:
		if secret {
			fmt.Fprintln(p.out)
		}
		if answer.err != nil {
			return "", errInterrupted
		}
		return strings.TrimSpace(answer.text), nil
	case <-ctx.Done():
		fmt.Fprintln(p.out)
		return "", errors.Join(errInterrupted, term.Restore(fd, state))
	}
}
