package doctor

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"defog-cdk/internal/knowledge"
	"defog-cdk/internal/schema"
	"defog-cdk/lambda/database"
)

// AccountConcurrency is the concurrency of an AWS account by default, which a function
// without reserved concurrency can use.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html#compute-and-storage
const AccountConcurrency = 1000

// examineConnections compares the database's limit of connections with the number of
// the function's environments, each of which keeps a connection. It returns nothing for
// databases without such a limit.
func (target Target) examineConnections(ctx context.Context, db database.Database, folder string) []Finding {
	const check = "connections"
	limiter, ok := db.(database.ConnectionLimiter)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	limits, err := limiter.ConnectionLimits(ctx)
	switch {
	case err != nil:
		return []Finding{{check, Skipped, "the limit cannot be read: " + err.Error(), ""}}
	case len(limits) == 0:
		return nil
	}
	limit := slices.MinFunc(limits, func(a, b database.ConnectionLimit) int { return a.Free() - b.Free() })
	each, keeps := 1, "one"
	if target.Samples > 1 {
		each, keeps = target.Samples, fmt.Sprintf("one for each of %d samples", target.Samples)
	}
	if target.readsCatalogue(folder) {
		each, keeps = each+1, keeps+", and one more while it reads the catalogue"
	}
	most := limit.Free() / each
	detail := fmt.Sprintf("the %s permits %d connections, of which other users have %d: that suffices for %d environments (each keeps %s)",
		limit.Scope, limit.Permitted, limit.Others, most, keeps)
	if target.Concurrency <= most {
		return []Finding{{check, OK, detail + fmt.Sprintf("; reserved_concurrency can be up to %d", most), ""}}
	}
	detail += fmt.Sprintf("; the function can have %d", target.Concurrency)
	if most == 0 {
		return []Finding{{check, Warning, detail, "Raise the limit, or close connections of other users."}}
	}
	return []Finding{{check, Warning, detail,
		fmt.Sprintf("Set reserved_concurrency=%d or less, or raise the limit: see docs/load.md.", most)}}
}

// readsCatalogue reports whether the function reads the database's catalogue, on a
// connection of its own, because the generator has no schema.json.
func (target Target) readsCatalogue(folder string) bool {
	if !slices.Contains(knowledge.Names(target.Generator), schema.File) {
		return false
	}
	_, err := os.Stat(filepath.Join(folder, schema.File))
	return err != nil
}
