package show

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestStepShowsThatTimePasses(t *testing.T) {
	failure := errors.New("no")
	tests := map[string]struct {
		progress progress
		lasts    time.Duration
		err      error
		want     string
	}{
		"in a file": {
			lasts: 21500 * time.Millisecond,
			want:  "▸ work …\n  … 10 s\n  … 20 s\n✓ work (21.5 s)\n",
		},
		"in a file, failing": {
			lasts: time.Second,
			err:   failure,
			want:  "▸ work …\n✗ work (1.0 s)\n  │ line 1\n  │ line 2\n  │ \\x1b[2J\n",
		},
		"on a terminal": {
			progress: progress{width: 80},
			lasts:    2500 * time.Millisecond,
			want:     "\r\x1b[K▸ work … 0 s\r\x1b[K▸ work … 1 s\r\x1b[K▸ work … 2 s\r\x1b[K✓ work (2.5 s)\n",
		},
		"on a narrow terminal": {
			progress: progress{width: 7},
			lasts:    1500 * time.Millisecond,
			want:     "\r\x1b[K▸ work\r\x1b[K▸ work\r\x1b[K✓ work (1.5 s)\n",
		},
		"everything": {
			progress: progress{width: 80, verbose: true},
			lasts:    21500 * time.Millisecond,
			want:     "▸ work …\nline 1\n\nline 2\n\x1b[2J✓ work (21.5 s)\n",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				test.progress.out = &out
				err := test.progress.step("work", func(w io.Writer) error {
					fmt.Fprint(w, "line 1\n\nline 2\n\x1b[2J")
					time.Sleep(test.lasts)
					return test.err
				})
				if !errors.Is(err, test.err) {
					t.Errorf("error %v, want %v", err, test.err)
				}
				if diff := cmp.Diff(test.want, out.String()); diff != "" {
					t.Errorf("output (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestTailKeepsTheLastLines(t *testing.T) {
	if got, want := tail("a\nb\r\nc\n\nd", 2), "  │ c\n  │ d\n"; got != want {
		t.Errorf("tail is %q, want %q", got, want)
	}
}
