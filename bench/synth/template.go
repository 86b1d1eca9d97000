package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/google/go-cmp/cmp"
)

// sameTemplate makes sure that both apps made the same template. Texts may differ, for
// they cost both the same. Logical ids, types, references and properties may not.
func sameTemplate(golang, javascript *app) error {
	want, err := readTemplate(javascript)
	if err != nil {
		return err
	}
	got, err := readTemplate(golang)
	if err != nil {
		return err
	}
	if diff := cmp.Diff(withoutTexts("", want), withoutTexts("", got)); diff != "" {
		return fmt.Errorf("javascript/app.js is not the same stack: -JavaScript +Go:\n%s", diff)
	}
	return nil
}

// withoutTexts returns a copy of a JSON value without the texts of other keys than Type
// and Ref.
func withoutTexts(key string, value any) any {
	switch value := value.(type) {
	case map[string]any:
		masked := map[string]any{}
		for key, member := range value {
			masked[key] = withoutTexts(key, member)
		}
		return masked
	case []any:
		var masked []any
		for _, element := range value {
			masked = append(masked, withoutTexts(key, element))
		}
		return masked
	case string:
		if key != "Type" && key != "Ref" {
			return "text"
		}
	}
	return value
}

// readTemplate returns an app's template without CDKMetadata, which names the app's
// language.
func readTemplate(a *app) (map[string]any, error) {
	path := a.template()
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var template map[string]any
	if err := json.Unmarshal(text, &template); err != nil {
		return nil, fmt.Errorf("read template %s: %w", path, err)
	}
	resources, ok := template["Resources"].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("template %s has no resources", path)
	}
	delete(resources, "CDKMetadata")
	return template, nil
}
