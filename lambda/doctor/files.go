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

// examineFiles looks for what the generator reads. A model writes SQL without
// golden queries and a glossary too, but not as well.
func (p Patient) examineFiles(folder string, err error) []Finding {
	if err != nil {
		return []Finding{{"dependencies", Failed, err.Error(),
			"Deploy again; if that changes nothing, look at the function's right to read the object in S3."}}
	}
	const make = "Make it with: go run ./cmd/defog schema"
	switch p.Generator {
	case "golden":
		return []Finding{examineFile(folder, generate.GoldenFile, Failed, "Write question/SQL pairs into it; README shows the form.")}
	case "bedrock", "openai":
		return []Finding{
			examineFile(folder, schema.File, Failed, make),
			examineFile(folder, generate.GlossaryFile, Warning, make),
			examineFile(folder, generate.GoldenFile, Warning, make),
		}
	}
	return []Finding{{"dependencies", OK, "the generator " + p.Generator + " needs no file", ""}}
}

// examineFile looks whether a file is there and, where it is to be JSON, is
// that.
func examineFile(folder, name string, absent Status, advice string) Finding {
	data, err := os.ReadFile(filepath.Join(folder, name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Finding{name, absent, "it is not among the dependencies", advice}
	case err != nil:
		return Finding{name, Failed, err.Error(), advice}
	case strings.HasSuffix(name, ".json") && !json.Valid(data):
		return Finding{name, Failed, "it is not JSON", advice}
	case len(data) == 0:
		return Finding{name, Warning, "it is empty", advice}
	}
	return Finding{name, OK, fmt.Sprintf("%d bytes", len(data)), ""}
}
