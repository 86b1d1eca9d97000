//go:build !onedriver

package database

import (
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"defog-cdk/config/connection"
)

// drivers holds the package that each database is asked by.
var drivers = map[string]string{
	"postgres":   "github.com/jackc/pgx/v5/pgconn",
	"redshift":   "github.com/jackc/pgx/v5/pgconn",
	"mysql":      "github.com/go-sql-driver/mysql",
	"sqlite":     "zombiezen.com/go/sqlite",
	"sqlserver":  "github.com/microsoft/go-mssqldb",
	"bigquery":   "golang.org/x/oauth2/jwt",
	"snowflake":  "github.com/snowflakedb/gosnowflake/v2",
	"databricks": "github.com/apache/thrift/lib/go/thrift",
}

// Built for one database, the package compiles and has no other's driver.
func TestOneDriverInABinary(t *testing.T) {
	for dbType, own := range drivers {
		t.Run(dbType, func(t *testing.T) {
			command := exec.CommandContext(t.Context(), "go", "list", "-deps", "-export", "-tags", "onedriver,"+dbType, ".")
			output, err := command.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, output)
			}
			packages := strings.Fields(string(output))
			for _, driver := range slices.Sorted(maps.Values(drivers)) {
				if slices.Contains(packages, driver) != (driver == own) {
					t.Errorf("%s is in it: %t", driver, driver != own)
				}
			}
		})
	}
	for _, dbType := range connection.DBTypes() {
		if _, opens := openers[dbType]; opens != (drivers[dbType] != "") {
			t.Errorf("the test knows the driver of %s: %t", dbType, !opens)
		}
	}
}
