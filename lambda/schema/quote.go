package schema

import "strings"

// Quote returns a name as the SQL of a db_type writes it, whatever characters
// or keywords it is made of.
func Quote(dbType, name string) string {
	open, closing := `"`, `"`
	switch dbType {
	case "mysql", "databricks", "bigquery":
		open, closing = "`", "`"
	case "sqlserver":
		open, closing = "[", "]"
	}
	return open + strings.ReplaceAll(name, closing, closing+closing) + closing
}
