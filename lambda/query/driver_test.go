package main

import (
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/config/connection"
)

// driverPackages holds the package of each database's driver.
var driverPackages = map[string]string{
	"postgres":   "github.com/jackc/pgx/v5/pgconn",
	"redshift":   "github.com/jackc/pgx/v5/pgconn",
	"mysql":      "github.com/go-sql-driver/mysql",
	"sqlite":     "zombiezen.com/go/sqlite",
	"sqlserver":  "github.com/microsoft/go-mssqldb",
	"bigquery":   "golang.org/x/oauth2/jwt",
	"snowflake":  "github.com/snowflakedb/gosnowflake/v2",
	"databricks": "github.com/apache/thrift/lib/go/thrift",
}

// A build for one database has no package of another driver.
func TestBuildHasOneDriver(t *testing.T) {
	for dbType, driverPackage := range driverPackages {
		t.Run(dbType, func(t *testing.T) {
			command := exec.CommandContext(t.Context(), "go", "list", "-deps", "-export", "-tags", "onedriver,"+dbType, ".")
			output, err := command.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, output)
			}
			packages := strings.Fields(string(output))
			for _, other := range slices.Sorted(maps.Values(driverPackages)) {
				if slices.Contains(packages, other) != (other == driverPackage) {
					t.Errorf("%s is in the build: %t", other, other != driverPackage)
				}
			}
		})
	}
}

func TestBuildWithoutTagsHasAllDrivers(t *testing.T) {
	if diff := cmp.Diff(connection.DBTypes(), slices.Sorted(maps.Keys(drivers))); diff != "" {
		t.Error(diff)
	}
	for dbType := range drivers {
		if driverPackages[dbType] == "" {
			t.Errorf("driverPackages lacks %s", dbType)
		}
	}
}
