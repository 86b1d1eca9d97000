package database

import (
	"context"
	"errors"
	"testing"
)

func TestReadOnlyCheckFailsWhenAWriteSucceeds(t *testing.T) {
	returning := func(err error) QueryFunc {
		return func(context.Context, string, Limits) (*Result, error) { return &Result{}, err }
	}
	if err := CheckRefused(t.Context(), returning(nil), "DROP"); !errors.As(err, new(*WritableError)) {
		t.Errorf("got %v, want a WritableError", err)
	}
	if err := CheckRefused(t.Context(), returning(&StatementError{Message: "refused"}), "DROP"); err != nil {
		t.Errorf("got %v for a write that was refused", err)
	}
	lost := &ConnectionError{Message: "lost"}
	if err := CheckRefused(t.Context(), returning(lost), "DROP"); !errors.Is(err, lost) {
		t.Errorf("got %v, want the connection's error", err)
	}
}
