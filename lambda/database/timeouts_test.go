package database

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestStatementTimeout(t *testing.T) {
	// In the bubble, no time passes between setting the deadline and its use.
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			left, limit, want time.Duration
			fromLimit         bool
		}{
			{0, 0, 0, true},
			{0, time.Second, time.Second, true},
			{0, time.Microsecond, time.Millisecond, true},
			{time.Minute, time.Second, time.Second, true},
			{time.Second, time.Minute, time.Second, false},
			{1500 * time.Microsecond, 0, time.Millisecond, false},
			{-time.Second, time.Minute, time.Millisecond, false},
		} {
			ctx := t.Context()
			if c.left != 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, c.left)
				defer cancel()
			}
			if got, fromLimit := statementTimeout(ctx, c.limit); got != c.want || fromLimit != c.fromLimit {
				t.Errorf("%s left, limit %s: got %s, %v", c.left, c.limit, got, fromLimit)
			}
		}
	})
}
