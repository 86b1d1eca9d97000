package bigquery

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"defog-cdk/lambda/database"
)

// CheckReadOnly implements database.ReadOnlyChecker. The write runs as queries
// do; the dry run must refuse it. Dry runs of writes then show what the account
// may write.
func (d *db) CheckReadOnly(ctx context.Context) (database.Privileges, error) {
	createDataset := "CREATE SCHEMA " + database.CheckTable
	if err := database.CheckRefused(ctx, d.query, createDataset); err != nil {
		return database.Privileges{}, err
	}
	account := "serviceAccount:defog-reader@" + d.config.project + ".iam.gserviceaccount.com"
	privileges := database.Privileges{Grants: []string{
		"gcloud iam service-accounts create defog-reader --project=" + d.config.project,
		"gcloud projects add-iam-policy-binding " + d.config.project + " --member=" + account + " --role=roles/bigquery.jobUser",
	}}
	writes := map[string]string{"new datasets in the project " + d.config.project: createDataset}
	if d.config.dataset == "" {
		privileges.Grants = append(privileges.Grants, "GRANT `roles/bigquery.dataViewer` ON SCHEMA … TO '"+account+"'")
	} else {
		dataset := quoteName(d.config.dataProject) + "." + quoteName(d.config.dataset)
		privileges.Grants = append(privileges.Grants, "GRANT `roles/bigquery.dataViewer` ON SCHEMA "+dataset+" TO '"+account+"'")
		writes["new tables in the dataset "+d.config.dataset] = "CREATE TABLE " + dataset + "." + database.CheckTable + " (n INT64)"
	}
	for _, name := range slices.Sorted(maps.Keys(writes)) {
		allowed, err := d.mayRun(ctx, writes[name])
		if err != nil {
			return database.Privileges{}, newError(ctx, err)
		}
		if allowed {
			privileges.Writes = append(privileges.Writes, name)
		}
	}
	return privileges, nil
}

// mayRun reports whether the account may run a statement.
func (d *db) mayRun(ctx context.Context, sql string) (bool, error) {
	err := d.rest.call(ctx, http.MethodPost, d.path("jobs"), nil, d.newDryRun(sql), new(job))
	if failed, ok := errors.AsType[*failure](err); ok && failed.ofStatement() {
		return false, nil
	}
	return err == nil, err
}

func quoteName(name string) string { return "`" + strings.ReplaceAll(name, "`", "") + "`" }
