package connection

import (
	"strings"
	"testing"
)

func TestCheckSQLiteRejectsPathsOutsideTheFunction(t *testing.T) {
	for file, valid := range map[string]bool{
		"shop.db": true, "data/shop.db": true, "": true, "/opt/shop.db": true, "/mnt/data/shop.db": true,
		"/home/reader/shop.db": false, "/opt/../home/shop.db": false, "/options/shop.db": false, "/opt": false,
	} {
		err := Connection{DBType: "sqlite", DBCreds: Creds{"database": file}}.CheckSQLite()
		if (err == nil) != valid || err != nil && !strings.HasPrefix(err.Error(), "db_creds.database: "+file+" is not in the function; want ") {
			t.Errorf("%s: got %v, want valid: %t", file, err, valid)
		}
	}
	if err := (Connection{DBType: "postgres", DBCreds: Creds{"database": "/home/shop.db"}}).CheckSQLite(); err != nil {
		t.Errorf("another database: %v", err)
	}
}
