package review

import (
	"context"
	"slices"
	"strings"
)

// Replacement is a resource that a deployment replaces.
type Replacement struct {
	ID, Type string
	Certain  bool     // false if the new value decides
	Causes   []string // properties, sorted
}

// Replacements returns what a deployment replaces, sorted by id. It ignores the
// options' secrets.
func Replacements(ctx context.Context, deployed, proposed map[string]any, options Options) (replaced []Replacement, err error) {
	found, err := compare(ctx, options.Root, []pair{{deployed, proposed}})
	if err != nil {
		return nil, err
	}
	for _, resource := range found[0].Resources {
		if resource.Impact != "WILL_REPLACE" && resource.Impact != "MAY_REPLACE" {
			continue
		}
		kind, _ := part(deployed, "Resources", resource.ID, "Type").(string)
		replaced = append(replaced, Replacement{
			ID: resource.ID, Type: kind, Certain: resource.Impact == "WILL_REPLACE", Causes: propertiesWith(resource.Impact, resource.Properties),
		})
	}
	slices.SortFunc(replaced, func(a, b Replacement) int { return strings.Compare(a.ID, b.ID) })
	return replaced, nil
}

// propertiesWith returns the properties with this impact, sorted.
func propertiesWith(impact string, properties map[string]string) (names []string) {
	for _, name := range sortedKeys(properties) {
		if properties[name] == impact {
			names = append(names, name)
		}
	}
	return names
}
