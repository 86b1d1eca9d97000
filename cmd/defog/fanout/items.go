package fanout

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strconv"
	"unicode/utf8"

	"defog-cdk/cmd/defog/invoke"
)

// maxEvent is the largest event in bytes. Step Functions passes up to 256 KiB. Besides
// the event, a state has the cause of a failure, of up to 32,768 characters, which JSON
// can double. Above the limit the item fails at once, and no state can catch that.
// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
// https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
const maxEvent = 190_000

// maxFile is the largest file of one upload to S3.
const maxFile = 5_000_000_000

// ReadItems returns the events in a file with one JSON value a line. Empty lines do not
// count. Errors name the line.
func ReadItems(name string, file io.Reader) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		lines := bufio.NewReaderSize(file, 1<<16)
		empty := true
		for number := 1; ; number++ {
			line, err := readLine(lines)
			if err != nil && !errors.Is(err, io.EOF) {
				yield(nil, fmt.Errorf("%s:%d: %w", name, number, err))
				return
			}
			if number == 1 {
				line = bytes.TrimPrefix(line, []byte("\ufeff"))
			}
			if line = bytes.TrimSpace(line); len(line) > 0 {
				event, invalid := compact(line)
				if invalid != nil {
					yield(nil, fmt.Errorf("%s:%d: %w", name, number, invalid))
					return
				}
				empty = false
				if !yield(event, nil) {
					return
				}
			}
			if err != nil {
				if empty {
					yield(nil, fmt.Errorf("%s: %w", name, errNoItems))
				}
				return
			}
		}
	}
}

// readLine reads a line, and fails before a long one fills the memory.
func readLine(lines *bufio.Reader) (line []byte, err error) {
	for {
		part, err := lines.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > 4*maxEvent {
			return nil, fmt.Errorf("the line has more than %d bytes; want one JSON value a line, up to %d bytes each", 4*maxEvent, maxEvent)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

// compact returns a JSON value on one line, without blanks.
func compact(value []byte) (json.RawMessage, error) {
	var out bytes.Buffer
	constant, err := invoke.CheckEvent(value)
	if err != nil {
		return nil, fmt.Errorf("%w; want one JSON value a line", err)
	}
	if constant != "" {
		return nil, fmt.Errorf("contains %s, which is not JSON and which Lambda refuses; want a number, null or text", constant)
	}
	if err := json.Compact(&out, value); err != nil {
		return nil, fmt.Errorf("is not JSON: %w", err)
	}
	if !utf8.Valid(out.Bytes()) {
		return nil, errors.New("contains bytes that are not UTF-8; want a file in UTF-8")
	}
	if out.Len() > maxEvent {
		return nil, fmt.Errorf("the event has %d bytes; want up to %d, which Step Functions passes on", out.Len(), maxEvent)
	}
	return out.Bytes(), nil
}

// item is a line of an items file.
type item struct {
	Index string          `json:"index"`
	Event json.RawMessage `json:"event"`
}

// line returns the line of an item. It holds the event as it is: json.Marshal would
// escape characters such as <, and a large event could exceed the limit.
func line(i int, event json.RawMessage) []byte {
	return fmt.Appendf(nil, `{"index":"%s","event":%s}`, index(i), event)
}

// spool is an items file on this machine, which one upload reads from its beginning.
type spool struct {
	file  *os.File
	out   *bufio.Writer
	items int
	bytes int64
}

func newSpool() (*spool, error) {
	file, err := os.CreateTemp("", "defog-items-")
	if err != nil {
		return nil, fmt.Errorf("write the items: %w", err)
	}
	return &spool{file: file, out: bufio.NewWriterSize(file, 1<<16)}, nil
}

// remove closes and deletes the file.
func (s *spool) remove() error { return errors.Join(s.file.Close(), os.Remove(s.file.Name())) }

func (s *spool) add(line []byte) error {
	s.items++
	s.bytes += int64(len(line)) + 1
	if s.bytes > maxFile {
		return fmt.Errorf("the items have more than %d GB; want several runs, or events that name their data", maxFile/1_000_000_000)
	}
	_, err := s.out.Write(append(line, '\n'))
	return err
}

// rewind returns the file's content.
func (s *spool) rewind() (io.ReadSeeker, error) {
	if err := s.out.Flush(); err != nil {
		return nil, fmt.Errorf("write the items: %w", err)
	}
	_, err := s.file.Seek(0, io.SeekStart)
	return s.file, err
}

// addEvents adds the events, with indexes from 0.
func (s *spool) addEvents(events iter.Seq2[json.RawMessage, error]) error {
	for event, err := range events {
		if err == nil {
			event, err = compact(event)
		}
		if err != nil {
			return err
		}
		if s.items == maxItems {
			return fmt.Errorf("more than %d items; want several runs", maxItems)
		}
		if err := s.add(line(s.items, event)); err != nil {
			return err
		}
	}
	return nil
}

// addMissing adds the lines of an items file that are not done.
func (s *spool) addMissing(file io.Reader, done *set) error {
	lines := bufio.NewReaderSize(file, 1<<16)
	for {
		line, err := lines.ReadBytes('\n')
		if line = bytes.TrimSpace(line); len(line) > 0 {
			var it struct {
				Index string `json:"index"`
			}
			if err := json.Unmarshal(line, &it); err != nil {
				return fmt.Errorf("line %d is not JSON: %w", s.items+1, err)
			}
			i, err := strconv.Atoi(it.Index)
			if err != nil {
				return fmt.Errorf("index %q is not a number", it.Index)
			}
			if !done.has(i) {
				if err := s.add(line); err != nil {
					return err
				}
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// set is a set of the numbers 0 to n-1.
type set struct {
	bits  []uint64
	n     int
	count int
}

func newSet(n int) *set { return &set{bits: make([]uint64, (n+63)/64), n: n} }

func (s *set) add(i int) {
	if i < 0 || i >= s.n || s.has(i) {
		return
	}
	s.bits[i/64] |= 1 << (i % 64)
	s.count++
}

func (s *set) has(i int) bool { return i >= 0 && i < s.n && s.bits[i/64]&(1<<(i%64)) != 0 }
