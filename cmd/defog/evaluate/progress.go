package evaluate

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// State keeps the results of an unfinished run in a file.
type State struct {
	path string
	file *os.File
	Done map[string]Result // by id
}

// stateHead is the first line: a run continues only with the same questions.
type stateHead struct {
	Run string `json:"run"`
}

// OpenState opens the file of a run, which identity identifies. A file of another run
// is an error.
func OpenState(path, identity string) (*State, error) {
	s := &State{path: path, Done: map[string]Result{}}
	first := true
	err := eachLine(path, func(line []byte) error {
		if first {
			first = false
			var head stateHead
			if err := json.Unmarshal(line, &head); err != nil || head.Run != identity {
				return errors.New("belongs to a run of other questions or settings; want another file, or none")
			}
			return nil
		}
		var result Result
		err := json.Unmarshal(line, &result)
		s.Done[result.ID] = result
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	// Rewritten, so that an incomplete last line does not stay.
	if s.file, err = os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600); err != nil {
		return nil, fmt.Errorf("keep the results: %w", err)
	}
	if err := s.write(stateHead{identity}); err != nil {
		return nil, err
	}
	for _, result := range s.Done {
		if err := s.write(result); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Add keeps a result.
func (s *State) Add(result Result) error { return s.write(result) }

func (s *State) write(value any) error {
	line, err := encode(value)
	if err != nil {
		return err
	}
	if _, err := s.file.Write(line); err != nil {
		return fmt.Errorf("keep the results: %w", err)
	}
	return nil
}

// Close closes the file, and removes it after a complete run.
func (s *State) Close(complete bool) error {
	err := s.file.Close()
	if complete {
		err = errors.Join(err, os.Remove(s.path))
	}
	return err
}

// Bar writes the progress of a run: on a terminal as a bar, and otherwise as a line
// for each tenth.
type Bar struct {
	Out      io.Writer
	Terminal bool
	Total    int

	done, right, shown int
}

const barWidth = 30

// Add counts a result.
func (b *Bar) Add(result Result) {
	b.done++
	if result.Right() {
		b.right++
	}
	text := fmt.Sprintf("%d of %d questions, %d right", b.done, b.Total, b.right)
	switch tenth := 10 * b.done / b.Total; {
	case b.Terminal:
		filled := barWidth * b.done / b.Total
		fmt.Fprintf(b.Out, "\r[%s%s] %s", strings.Repeat("#", filled), strings.Repeat(" ", barWidth-filled), text)
		if b.done == b.Total {
			fmt.Fprintln(b.Out)
		}
	case tenth > b.shown:
		b.shown = tenth
		fmt.Fprintln(b.Out, text)
	}
}
