package guard

import (
	"slices"
	"strings"

	"defog-cdk/lambda/database/guard/lex"
)

// Databricks has Spark's lexical rules, and the functions of Spark and Databricks that
// reach files, other servers, models, secrets or the Java machine.
var Databricks = &Guard{
	scanner: lex.Databricks{},
	reading: []string{"select", "with", "values", "table"},
	refused: refusedByDatabricks,
	also:    checkDatabricks,
	names:   (*statement).checkDatabricksFunctions,
}

func refusedByDatabricks(function string) bool {
	return slices.Contains(databricksRefused, function) ||
		slices.ContainsFunc(databricksRefusedPrefixes, func(prefix string) bool { return strings.HasPrefix(function, prefix) })
}

var databricksRefused = []string{
	// Any method of any class, and functions by a name that is put together.
	"reflect", "java_method", "try_reflect", "identifier",
	// Other servers, models, and secrets.
	"http_request", "remote_query", "vector_search", "secret", "try_secret", "list_secrets",
	// What streams and pipelines keep.
	"event_log", "cloud_files_state", "cloud_files", "get_warmup_state",
	// Waiting.
	"sleep",
}

var databricksRefusedPrefixes = []string{
	"ai_",   // models, paid by the row
	"read_", // files and message queues: read_files, read_kafka, read_kinesis, …
}

// databricksFormats can stand for a table in front of a path: csv.`/etc/passwd`.
var databricksFormats = []string{
	"avro", "binaryfile", "cloudfiles", "csv", "delta", "deltasharing", "excel", "hudi", "iceberg", "image", "jdbc", "json",
	"kafka", "libsvm", "orc", "parquet", "socket", "statestore", "text", "xml",
}

// databricksWriting are words that no statement may hold unless they are quoted
// or fields: WITH may stand in front of a statement that writes.
var databricksWriting = []string{"insert", "delete", "update", "merge", "overwrite", "into"}

// isFormat reports whether a name can be a file's format: a short one or a class.
func isFormat(name string) bool {
	return slices.Contains(databricksFormats, name) || strings.Contains(name, ".")
}

// databricksClauses have lists of expressions, and no tables. Spark takes most of
// the words for aliases, too.
var databricksClauses = []string{"select", "where", "by", "having", "qualify", "extend", "aggregate", "set"}

// checkDatabricks refuses writes behind WITH, files by their path, scripts, and
// what other users asked.
func checkDatabricks(tokens []lex.Token) error {
	sources := sources(tokens, databricksClauses)
	for i, t := range tokens {
		rest := tokens[i+1:]
		path := i >= 2 && tokens[i-1].Is(".")
		switch {
		case t.Kind == lex.Word && !path && slices.Contains(databricksWriting, t.Text):
			return refusal(strings.ToUpper(t.Text) + " may not be used here; quote it if it is a name: `" + t.Text + "`")
		case t.Kind == lex.Name && path && (strings.ContainsAny(t.Text, `/\:`) || isFormat(tokens[i-2].Text)),
			t.Kind == lex.Word && path && isFormat(tokens[i-2].Text) && sources[i-2]:
			return refusal("files may not be read by their path; if " + tokens[i-2].Text + " is a schema, put its catalog in front of it")
		case t.IsWord("using") && len(rest) > 0 && rest[0].Kind == lex.String:
			return refusal("USING would run a script")
		case t.Kind == lex.String && len(rest) > 0 && rest[0].Is("("):
			return refusal("a string is called like a function")
		case t.Named() && t.Text == "system" && len(rest) > 1 && rest[0].Is(".") && ofSystem(rest[1].Text):
			return refusal("system." + rest[1].Text + " may not be read")
		}
	}
	return nil
}

// ofSystem reports whether a schema of the catalog system shows what users asked
// and did.
func ofSystem(schema string) bool { return schema == "query" || schema == "access" }
