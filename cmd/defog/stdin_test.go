package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
)

func TestInterruptEndsAWaitForInput(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	input, writer := io.Pipe() // without an end
	defer writer.Close()
	read := newInput(ctx, input)
	go cancel()
	if content, err := io.ReadAll(read); !errors.Is(err, errInterrupted) || len(content) > 0 {
		t.Errorf("%q, %v", content, err)
	}
}

func TestInputEndsWithItsError(t *testing.T) {
	failed := errors.New("failed")
	content, err := io.ReadAll(newInput(t.Context(), io.MultiReader(strings.NewReader("content"), failing{failed})))
	if string(content) != "content" || !errors.Is(err, failed) {
		t.Errorf("%q, %v", content, err)
	}
	if content, err := io.ReadAll(newInput(t.Context(), strings.NewReader("all"))); string(content) != "all" || err != nil {
		t.Errorf("%q, %v", content, err)
	}
}

// The next commands of a shell's loop can read the same input.
func TestInputIsLeftWithoutARead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		input := strings.NewReader("lines of a loop")
		newInput(t.Context(), input)
		synctest.Wait()
		if input.Len() != len("lines of a loop") {
			t.Errorf("%d bytes are left", input.Len())
		}
	})
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
