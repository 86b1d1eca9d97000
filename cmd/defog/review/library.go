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

// script asks the library that cdk diff uses what changes.
//
//go:embed differences.cjs
var script string

// differences is what the script prints.
type differences struct {
	Resources []struct {
		ID         string            `json:"id"`
		Impact     string            `json:"impact"`     // WILL_REPLACE, …
		Properties map[string]string `json:"properties"` // the impact of each that changes
	} `json:"resources"`
	Others []struct {
		Section  string `json:"section"`
		ID       string `json:"id"`
		Deployed any    `json:"deployed"`
		Proposed any    `json:"proposed"`
	} `json:"others"`
}

// pair is two templates to compare.
type pair struct {
	Deployed map[string]any `json:"deployed"`
	Proposed map[string]any `json:"proposed"`
}

// compare has the library compare pairs of templates. It runs in the checkout at
// root, with the Node and the library that package.json pins.
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
		return nil, fmt.Errorf("compare the templates with @aws-cdk/cloudformation-diff (npm ci installs it): %w: %.300s", err, problem.String())
	}
	var found []differences
	if err := json.Unmarshal(output.Bytes(), &found); err != nil {
		return nil, fmt.Errorf("compare the templates: %w", err)
	}
	if len(found) != len(pairs) {
		return nil, fmt.Errorf("compare the templates: %d pairs gave %d answers", len(pairs), len(found))
	}
	return found, nil
}
