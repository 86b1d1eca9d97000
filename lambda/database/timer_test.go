package database

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestStatementTimeout(t *testing.T) {
	// Time stands still between the deadline's making and its use.
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			left, limit, want time.Duration
			own               bool
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
			if got, own := statementTimeout(ctx, c.limit); got != c.want || own != c.own {
				t.Errorf("%s left, limit %s: got %s, %v", c.left, c.limit, got, own)
			}
		}
	})
}
