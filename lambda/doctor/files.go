package doctor

import (
	"fmt"
	"os"
	"path/filepath"

	"defog-cdk/internal/knowledge"
	"defog-cdk/internal/schema"
)

// examineFiles checks the files that the generator reads. Golden queries and a
// glossary improve a model's SQL but are optional.
func (t Target) examineFiles(folder string, err error) []Finding {
	if err != nil {
		return []Finding{{"dependencies", Failed, err.Error(),
			"Deploy again. If the error remains, check the function's permission to read the S3 object."}}
	}
	var findings []Finding
	for _, name := range knowledge.Names(t.Generator) {
		findings = append(findings, t.examineFile(folder, name))
	}
	if findings != nil {
		return findings
	}
	return []Finding{{"dependencies", OK, "the generator " + t.Generator + " requires no file", ""}}
}

// examineFile checks a file with the generator's own rules: the function does not
// start with an invalid one.
func (t Target) examineFile(folder, name string) Finding {
	advice := "Create it with: go run ./cmd/defog schema"
	if t.Generator == "golden" {
		advice = `Add question/SQL pairs: [{"question": "…", "sql": "…"}].`
	}
	if err := knowledge.Check(t.Generator, name, knowledge.Folder(folder)); err != nil {
		return Finding{name, Failed, err.Error(), advice}
	}
	info, err := os.Stat(filepath.Join(folder, name))
	switch {
	case err != nil && name == schema.File:
		return Finding{name, OK, "missing in the dependencies; the function reads the database's catalogue", ""}
	case err != nil: // optional, since the check above accepts it
		return Finding{name, Warning, "missing in the dependencies", advice}
	case info.Size() == 0:
		return Finding{name, Warning, "empty", advice}
	}
	return Finding{name, OK, fmt.Sprintf("%d bytes", info.Size()), ""}
}
