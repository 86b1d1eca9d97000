package review

import (
	"bytes"
	"context"
	_ "embed" // for the script
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
)

// script compares templates with the library of cdk diff.
//
//go:embed differences.cjs
var script string

// differences is the script's output.
type differences struct {
	Resources []resourceDifference `json:"resources"`
	Others    []struct {
		Section  string `json:"section"`
		ID       string `json:"id"`
		Deployed any    `json:"deployed"`
		Proposed any    `json:"proposed"`
	} `json:"others"`
}

// resourceDifference is a changed resource.
type resourceDifference struct {
	ID         string            `json:"id"`
	Impact     string            `json:"impact"`     // WILL_REPLACE, …
	Properties map[string]string `json:"properties"` // the impact of each changed property
}

// pair is a pair of templates.
type pair struct {
	Deployed map[string]any `json:"deployed"`
	Proposed map[string]any `json:"proposed"`
}

// compare compares pairs of templates with the library. It runs in the checkout at
// root, with Node and the library in the versions of package.json.
func compare(ctx context.Context, root string, pairs []pair) ([]differences, error) {
	input, err := json.Marshal(pairs)
	if err != nil {
		return nil, fmt.Errorf("compare the templates: %w", err)
	}
	node, err := filepath.Abs(filepath.Join(root, "node_modules", ".bin", "node"))
	if err != nil {
		return nil, fmt.Errorf("compare the templates: %w", err)
	}
	var output, problem bytes.Buffer
	command := exec.CommandContext(ctx, node, "--input-type=commonjs", "--eval", script)
	command.Dir = root
	command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(input), &output, &problem
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("compare the templates with @aws-cdk/cloudformation-diff (npm ci installs the library): %w: %.300s", err, problem.String())
	}
	var found []differences
	if err := json.Unmarshal(output.Bytes(), &found); err != nil {
		return nil, fmt.Errorf("compare the templates: %w", err)
	}
	if len(found) != len(pairs) {
		return nil, fmt.Errorf("compare the templates: %d pairs resulted in %d answers", len(pairs), len(found))
	}
	return found, nil
}
