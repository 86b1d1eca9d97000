package review

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"defog-cdk/cmd/defog/redact"
	"defog-cdk/config"
)

// DriftedStack is the result of a drift detection.
type DriftedStack struct {
	Name       string
	Template   map[string]any // the deployed one
	Resources  []DriftedResource
	Unchecked  map[string]int // numbers of resources that CloudFormation does not check, by type
	Unknown    []Unknown
	Incomplete string         // why the detection failed in part; empty if it did not
	Settings   []config.Value // of the template, from config.Effective; nil if unknown
}

// DriftedResource is a resource that differs from its template, or is deleted.
type DriftedResource struct {
	ID, Type string
	Deleted  bool

	// Expected and Actual are all properties, decoded by encoding/json.
	Expected, Actual map[string]any
	Differences      []Difference
}

// Difference is one property that differs. Path is a JSON pointer.
type Difference struct{ Path, Expected, Actual string }

// Unknown is a resource whose detection failed.
type Unknown struct{ ID, Type, Reason string }

// Drift returns the reports about drifted stacks, in the same order. Each change is
// one from the template to the actual resource.
func Drift(stacks []DriftedStack, secrets *redact.Secrets) []Report {
	for _, stack := range stacks {
		secrets.Add(redact.Old, redact.InTemplate(stack.Template)...)
		for _, resource := range stack.Resources {
			secrets.Add(redact.Old, redact.InTemplate(resource.Expected)...)
			secrets.Add(redact.New, redact.InTemplate(resource.Actual)...)
		}
	}
	secrets.Compared()
	reports := make([]Report, len(stacks))
	for i, stack := range stacks {
		reports[i] = drift(stack, secrets)
	}
	return reports
}

func drift(stack DriftedStack, secrets *redact.Secrets) Report {
	before, after := map[string]any{}, map[string]any{}
	var undetailed []DriftedResource
	found := differences{}
	for _, resource := range stack.Resources {
		found.Resources = append(found.Resources, resourceDifference{ID: resource.ID, Impact: "WILL_UPDATE"})
		if resource.Deleted {
			// The template's intrinsic functions suffice for what the deletion means.
			before[resource.ID] = part(stack.Template, "Resources", resource.ID)
			if before[resource.ID] == nil {
				before[resource.ID] = map[string]any{"Type": resource.Type}
			}
			found.Resources[len(found.Resources)-1].Impact = "WILL_DESTROY"
			continue
		}
		actual := resource.Expected
		if len(resource.Differences) == 0 {
			actual = resource.Actual
		}
		for _, difference := range resource.Differences {
			path := strings.Split(strings.TrimPrefix(difference.Path, "/"), "/")
			actual = asObject(overlay(actual, resource.Actual, path))
		}
		before[resource.ID] = map[string]any{"Type": resource.Type, "Properties": resource.Expected}
		after[resource.ID] = map[string]any{"Type": resource.Type, "Properties": actual}
		if reflect.DeepEqual(resource.Expected, actual) {
			undetailed = append(undetailed, resource)
		}
	}
	compared := Stack{
		Name: stack.Name, Settings: stack.Settings,
		Deployed: map[string]any{"Resources": before}, Proposed: map[string]any{"Resources": after},
	}
	c := newComparison(compared, secrets)
	c.drift = true
	c.hideVariables()
	for _, resource := range undetailed {
		c.addDifferences(resource)
	}
	report := c.report(found)
	report.Drift = true
	report.Unchecked = stack.Unchecked
	report.Incomplete = c.clean(secrets.Text(stack.Incomplete), maxImportant)
	for _, unknown := range stack.Unknown {
		unknown.Reason = c.clean(secrets.Text(unknown.Reason), maxImportant)
		report.Unknown = append(report.Unknown, unknown)
	}
	return report
}

// overlay returns a copy of a document with the value of another one at a path. Of a
// list it takes all elements: the other document can have them in another order.
func overlay(document, other any, path []string) any {
	from, isObject := document.(map[string]any)
	to, isOther := other.(map[string]any)
	if len(path) == 0 || !isObject || !isOther {
		return other
	}
	key := strings.NewReplacer("~1", "/", "~0", "~").Replace(path[0])
	copied := maps.Clone(from)
	if value, exists := to[key]; exists {
		copied[key] = overlay(from[key], value, path[1:])
	} else {
		delete(copied, key)
	}
	return copied
}

// hideVariables replaces the values of environment variables that the app does not
// set: their names need not show that they hold a credential.
func (c *comparison) hideVariables() {
	for _, document := range []map[string]any{c.deployed, c.proposed} {
		for _, resource := range asObject(document["Resources"]) {
			variables := asObject(at(resource, "Environment.Variables"))
			for name, value := range variables {
				if text, isText := value.(string); isText && !strings.HasPrefix(text, tokenStart) && c.custom(resource, name) {
					variables[name] = c.token(text)
				}
			}
			// The variables of a CodeBuild project.
			for _, variable := range list(at(resource, "Environment.EnvironmentVariables")) {
				if text, isText := part(variable, "Value").(string); isText && !strings.HasPrefix(text, tokenStart) {
					asObject(variable)["Value"] = c.token(text)
				}
			}
		}
	}
}

// custom reports whether a variable of a function is one of environment_variables, or
// not of the app.
func (c *comparison) custom(resource any, name string) bool {
	kind, _ := part(resource, "Type").(string)
	causes := causeOf(kind, variable(name))
	return len(causes) == 0 || slices.Equal(causes, []string{"environment_variables." + name})
}

// addDifferences adds the differences of a resource whose properties do not show them.
func (c *comparison) addDifferences(resource DriftedResource) {
	if len(resource.Differences) == 0 {
		c.add(Change{Kind: Other, Resource: resource.ID, Type: resource.Type, What: "changed"}, nil, nil)
	}
	for _, difference := range resource.Differences {
		path := strings.ReplaceAll(strings.TrimPrefix(difference.Path, "/"), "/", ".")
		change := Change{Kind: Other, Resource: resource.ID, Type: resource.Type, Path: path, What: "changed"}
		if strings.Contains(path, "Environment") {
			c.add(change, nil, nil)
			continue
		}
		c.add(change, c.secrets.Text(difference.Expected), c.secrets.Text(difference.Actual))
	}
}
