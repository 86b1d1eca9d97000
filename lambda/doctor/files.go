package doctor

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"defog-cdk/lambda/generate"
	"defog-cdk/lambda/schema"
)

// examineFiles checks the files that the generator reads. Golden queries and a
// glossary improve a model's SQL but are optional.
func (t Target) examineFiles(folder string, err error) []Finding {
	if err != nil {
		return []Finding{{"dependencies", Failed, err.Error(),
			"Deploy again. If the error remains, check the function's permission to read the S3 object."}}
	}
	const advice = "Create it with: go run ./cmd/defog schema"
	switch t.Generator {
	case "golden":
		_, err := generate.OpenGolden(folder)
		return []Finding{examineContent(folder, generate.GoldenFile, `Add question/SQL pairs: [{"question": "…", "sql": "…"}].`, err)}
	case "bedrock", "openai":
		_, err := schema.Open(folder)
		return []Finding{
			examineContent(folder, schema.File, advice, err),
			examineFile(folder, generate.GlossaryFile, Warning, advice),
			examineFile(folder, generate.GoldenFile, Warning, advice),
		}
	}
	return []Finding{{"dependencies", OK, "the generator " + t.Generator + " requires no file", ""}}
}

// examineContent checks a required file. The error is that of the generator that
// read it, since the function does not start with it.
func examineContent(folder, name, advice string, err error) Finding {
	finding := examineFile(folder, name, Failed, advice)
	if err == nil || finding.Status == Failed {
		return finding
	}
	// The folder is temporary, so that the error names the file as the dependencies do.
	detail := strings.ReplaceAll(err.Error(), filepath.Join(folder, name)+": ", "")
	return Finding{name, Failed, strings.TrimPrefix(detail, name+": "), advice}
}

// examineFile checks that the file exists, is not empty and, for .json, is JSON.
// The status of a missing file is absent.
func examineFile(folder, name string, absent Status, advice string) Finding {
	data, err := os.ReadFile(filepath.Join(folder, name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Finding{name, absent, "missing in the dependencies", advice}
	case err != nil:
		return Finding{name, Failed, err.Error(), advice}
	case strings.HasSuffix(name, ".json") && !json.Valid(data):
		return Finding{name, Failed, "not valid JSON", advice}
	case len(data) == 0:
		return Finding{name, Warning, "empty", advice}
	}
	return Finding{name, OK, fmt.Sprintf("%d bytes", len(data)), ""}
}
