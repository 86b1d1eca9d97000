// Package guardtest holds the statements that the tests of the guard and of the
// drivers share: one file a database and kind.
//
//	writes.sql    statements that write; the guard or the database refuses them
//	reaches.sql   statements that reach beyond a read-only transaction; the guard refuses them
//	hostile.sql   statements of both kinds
//	harmless.sql  statements that only read; nothing refuses them
//	functions.sql statements that only read, which no stand-in has recorded
//	beside.sql    statements that only read, in the database of modules.sql
package guardtest

import (
	"embed"
	"strings"
	"testing"
)

//go:embed testdata
var files embed.FS

// Statements returns the statements of a file of testdata, one a line, without
// comments. It replaces DIRECTORY by the given directory.
func Statements(tb testing.TB, name, directory string) []string {
	tb.Helper()
	data, err := files.ReadFile("testdata/" + name)
	if err != nil {
		tb.Fatal(err)
	}
	var list []string
	for line := range strings.Lines(strings.ReplaceAll(string(data), "DIRECTORY", directory)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "--") {
			list = append(list, line)
		}
	}
	return list
}

// Attacks returns the statements of a file of attacks. The file spells control
// characters as \n, \r and \t.
func Attacks(tb testing.TB, name, directory string) []string {
	tb.Helper()
	list := Statements(tb, name, directory)
	for i, sql := range list {
		list[i] = strings.NewReplacer(`\n`, "\n", `\r`, "\r", `\t`, "\t").Replace(sql)
	}
	return list
}
