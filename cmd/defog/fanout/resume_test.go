package fanout

import (
	"context"
	"errors"
	"maps"
	"testing"
)

func unchecked(context.Context, Run) error { return nil }

func TestRefusedResumeWritesNothing(t *testing.T) {
	f, c := newFake(t)
	attempt := create(t, c, "a", 3)
	start(t, c, attempt)
	refused := errors.New("refused")
	refuse := func(_ context.Context, run Run) error {
		if run.Name != "a" || run.Items != 3 {
			t.Errorf("checks %+v", run)
		}
		return refused
	}
	resume := func() (string, error) {
		_, state, err := c.Resume(t.Context(), "a", func(*Options) {}, refuse)
		return state, err
	}
	if state, err := resume(); err != nil || state != Running {
		t.Errorf("an execution that goes on: %s, %v", state, err)
	}
	for _, done := range [][]int{{0}, {0, 1, 2}} {
		f.end(attempt.Run, "a-1", "FAILED", done...)
		before := maps.Clone(f.objects)
		if _, err := resume(); !errors.Is(err, refused) {
			t.Errorf("%v done: %v", done, err)
		}
		if !maps.Equal(f.objects, before) || len(f.executions) != 1 {
			t.Errorf("objects %v, executions %v", f.objects, f.executions)
		}
	}
}
