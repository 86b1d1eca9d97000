// Package rules holds the rules that a zip of dependencies must satisfy: paths,
// names, kinds, methods, sizes, compression ratio, overlaps and links. Synth and
// the function share them, so that synth accepts what the function extracts.
//
// A caller uses, in this order, [Locate], [Directory.Parse], [LayOut] and, for the
// links' targets, [CheckLinks]. The package imports no zip reader, which keeps the function's
// binary small.
package rules

import (
	"errors"
	"fmt"
)

const (
	// MaxName is the longest path of a member, in bytes. It is longer than any
	// package's path and shorter than Linux allows.
	MaxName = 1024

	// MaxStep is the longest name between two slashes, in bytes, as on Linux.
	MaxStep = 255

	// MaxRatio is how many bytes a zip may hold for each of its own. Packages
	// have a ratio of three or four.
	MaxRatio = 100

	// RatioFrom is how many bytes a zip may hold at any ratio.
	RatioFrom = 1 << 20

	// TailSize is how many bytes at the end of a zip are enough for [Locate].
	TailSize = 1 << 17

	// A larger zip would not fit in the function's memory.
	maxMembers       = 100_000
	maxDirectorySize = 16 << 20

	// maxRefusals is how many violations one check collects.
	maxRefusals = 1000
)

// RefusedError reports that a zip violates a rule. A retry does not help.
type RefusedError struct {
	Member string // the member; empty for the zip as a whole
	Reason string
	Want   string // what is valid; empty if the reason implies it
}

// Error returns one line.
func (e *RefusedError) Error() string {
	text := "refused: "
	if e.Member != "" {
		text += fmt.Sprintf("member %q: ", Shorten(e.Member))
	}
	text += e.Reason
	if e.Want != "" {
		text += "; want " + e.Want
	}
	return text
}

// Shorten limits a member's name to 200 bytes, so that a hostile name does not
// fill the log.
func Shorten(name string) string {
	if len(name) > 200 {
		return name[:200] + "…"
	}
	return name
}

// Refuse returns a [RefusedError] for the zip as a whole.
func Refuse(format string, args ...any) error {
	return &RefusedError{Reason: fmt.Sprintf(format, args...)}
}

// RefuseMember returns a [RefusedError] for a member.
func RefuseMember(name, format string, args ...any) error {
	return &RefusedError{Member: name, Reason: fmt.Sprintf(format, args...)}
}

func refuseUnless(name, want, format string, args ...any) error {
	return &RefusedError{Member: name, Reason: fmt.Sprintf(format, args...), Want: want}
}

// refusals collects violations, one per member.
type refusals []error

func (r *refusals) add(err error) (full bool) {
	if err != nil {
		*r = append(*r, err)
	}
	return len(*r) >= maxRefusals
}

func (r refusals) err() error { return errors.Join(r...) }

// First returns the first violation of an error that joins several.
func First(err error) error {
	if refused, ok := errors.AsType[*RefusedError](err); ok {
		return refused
	}
	return err
}
