//go:build !onedriver || bigquery

package database

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Prove implements Prover. The write goes the way of a query; it would make a
// dataset if the service, or we for what the service says of it, did not refuse
// it. What the account may do is learnt by having writes rehearsed, which the
// service grants or not, and never does.
func (b *bigqueryDatabase) Prove(ctx context.Context) (Rights, error) {
	if err := proveRefused(ctx, b, "CREATE SCHEMA "+proofTable); err != nil {
		return Rights{}, err
	}
	account := "serviceAccount:defog-reader@" + b.config.project + ".iam.gserviceaccount.com"
	rights := Rights{Grants: []string{
		"gcloud iam service-accounts create defog-reader --project=" + b.config.project,
		"gcloud projects add-iam-policy-binding " + b.config.project + " --member=" + account + " --role=roles/bigquery.jobUser",
	}}
	writes := map[string]string{"new datasets in the project " + b.config.project: "CREATE SCHEMA " + proofTable}
	if b.config.dataset == "" {
		rights.Grants = append(rights.Grants, "GRANT `roles/bigquery.dataViewer` ON SCHEMA … TO '"+account+"'")
	} else {
		dataset := quoteGoogle(b.config.dataProject) + "." + quoteGoogle(b.config.dataset)
		rights.Grants = append(rights.Grants, "GRANT `roles/bigquery.dataViewer` ON SCHEMA "+dataset+" TO '"+account+"'")
		writes["new tables in the dataset "+b.config.dataset] = "CREATE TABLE " + dataset + "." + proofTable + " (n INT64)"
	}
	for _, what := range slices.Sorted(maps.Keys(writes)) {
		allowed, err := b.mayRun(ctx, writes[what])
		if err != nil {
			return Rights{}, bigqueryError(ctx, err)
		}
		if allowed {
			rights.Writes = append(rights.Writes, what)
		}
	}
	return rights, nil
}

// mayRun reports whether the service would run a statement for the account.
func (b *bigqueryDatabase) mayRun(ctx context.Context, sql string) (bool, error) {
	err := b.rest.call(ctx, http.MethodPost, b.path("jobs"), nil, b.rehearsal(sql), new(bigqueryJob))
	if failed, ok := errors.AsType[*bigqueryFailure](err); ok && failed.ofStatement() {
		return false, nil
	}
	return err == nil, err
}

func quoteGoogle(name string) string { return "`" + strings.ReplaceAll(name, "`", "") + "`" }
