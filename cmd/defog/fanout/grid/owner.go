package grid

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// Owner is the run that created the Zarr at a grid's key.
type Owner struct {
	Run  string // empty without a Zarr, or for one of no run
	Fits bool   // it is this grid's Zarr, and complete
}

// unknownEvent is in the error of a handler that is older than zarr_owner.
const unknownEvent = "the event is not one of zarr_plan"

// Owner returns the run that created the Zarr. The document must exist.
func (g Grid) Owner(ctx context.Context) (Owner, error) {
	answer, err := g.evaluation.Ask(ctx, event{Grid: g.key()}.encode("zarr_owner"))
	if err != nil && strings.Contains(err.Error(), unknownEvent) {
		// The functions of such a handler check the Zarr at each chunk, too.
		return Owner{Run: g.run, Fits: true}, nil
	}
	if err != nil {
		return Owner{}, err
	}
	var found struct {
		Owner *string
		Fits  *bool
	}
	if err := json.Unmarshal(answer, &found); err != nil || found.Fits == nil {
		return Owner{}, fmt.Errorf("the function's answer is not that of zarr_owner; want the handler of examples/podpac, of this version")
	}
	owner := Owner{Fits: *found.Fits}
	if found.Owner != nil {
		owner.Run = strings.TrimSuffix(strings.TrimPrefix(*found.Owner, "runs/"), "/grid.json")
	}
	return owner, nil
}

// Check returns an error if the Zarr is not the run's any more.
func (g Grid) Check(ctx context.Context) error {
	owner, err := g.Owner(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("run %s: the owner of its Zarr %s is unknown: %w", g.run, g, err)
	case owner.Fits:
		return nil
	case owner.Run == "" || owner.Run == g.run:
		return fmt.Errorf("run %s: its Zarr %s was deleted or changed; want a new run (--chunks)", g.run, g)
	}
	return fmt.Errorf("run %s: run %s has overwritten its Zarr %s; want --resume %[2]s, or a new run (--chunks) with another --output", g.run, owner.Run, g)
}
