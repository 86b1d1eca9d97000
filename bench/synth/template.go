package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/go-cmp/cmp"
)

// sameTemplate makes sure that both apps made the same template, logical ids
// and asset hashes included.
func sameTemplate(golang, javascript *app) error {
	want, err := readTemplate(javascript)
	if err != nil {
		return err
	}
	got, err := readTemplate(golang)
	if err != nil {
		return err
	}
	if diff := cmp.Diff(want, got); diff != "" {
		return fmt.Errorf("javascript/app.js is not the same stack: -JavaScript +Go:\n%s", diff)
	}
	return nil
}

// readTemplate returns an app's template as indented JSON with its keys in order,
// without CDKMetadata, which names the app's language.
func readTemplate(a *app) (string, error) {
	path := filepath.Join(a.directory, "cdk.out", stackName+".template.json")
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	var template map[string]any
	if err := json.Unmarshal(text, &template); err != nil {
		return "", fmt.Errorf("read template %s: %w", path, err)
	}
	resources, ok := template["Resources"].(map[string]any)
	if !ok {
		return "", fmt.Errorf("template %s has no resources", path)
	}
	delete(resources, "CDKMetadata")
	text, err = json.MarshalIndent(template, "", "  ")
	return string(text), err
}
