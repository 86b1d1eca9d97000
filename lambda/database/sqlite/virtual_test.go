package sqlite

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"defog-cdk/lambda/database"
)

// TestVirtualTablesAreReadable reads an R-Tree and full-text tables, and checks that
// statements cannot write their shadow tables.
func TestVirtualTablesAreReadable(t *testing.T) {
	directory := t.TempDir()
	conn, err := sqlite.OpenConn(filepath.Join(directory, "geo.db"), sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	err = sqlitex.ExecuteScript(conn, `
		CREATE TABLE sites (fid INTEGER PRIMARY KEY, region TEXT);
		INSERT INTO sites VALUES (1, 'north'), (2, 'south');
		CREATE VIRTUAL TABLE "rtree_sites ""geom" USING rtree(id, minx, maxx, miny, maxy);
		INSERT INTO "rtree_sites ""geom" VALUES (1, 0, 1, 0, 1), (2, 5, 6, 5, 6);
		CREATE VIRTUAL TABLE notes USING fts5(body);
		INSERT INTO notes VALUES ('paid in full'), ('still open');
		CREATE VIRTUAL TABLE words USING fts5vocab(notes, 'row');`, nil)
	if err := errors.Join(err, conn.Close()); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"geo.db", filepath.Join(directory, "geo.db")} {
		db := openFile(t, directory, file)
		for sql, want := range map[string]string{
			`SELECT region FROM sites JOIN "rtree_sites ""geom" AS r ON r.id = fid WHERE r.maxx < 2`: `[["north"]]`,
			`SELECT id FROM "rtree_sites ""geom" WHERE minx >= 5 AND miny >= 5`:                      `[[2]]`,
			`SELECT body FROM notes WHERE notes MATCH 'open'`:                                        `[["still open"]]`,
			`SELECT count(*) FROM words`:                                                             `[[5]]`,
		} {
			for range 2 {
				if result, err := db.Query(t.Context(), sql, database.Limits{}); err != nil || string(result.Data) != want {
					t.Errorf("%s: %s: got %+v, %v; want %s", file, sql, result, err, want)
				}
			}
		}
		for _, sql := range []string{
			`INSERT INTO "rtree_sites ""geom" VALUES (3, 0, 1, 0, 1)`,
			`DELETE FROM "rtree_sites ""geom_node"`,
			`INSERT INTO "rtree_sites ""geom_rowid" VALUES (9, 9)`,
			`UPDATE notes_content SET c0 = 'x'`,
		} {
			if _, err := db.query(t.Context(), sql, database.Limits{}); err == nil || !strings.Contains(err.Error(), "authoriz") && !strings.Contains(err.Error(), "may not be modified") {
				t.Errorf("%s: got %v", sql, err)
			}
		}
	}
}
