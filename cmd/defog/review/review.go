// Package review reports the changes of a proposed deployment for an approval:
// changes of security, changes that lose data, then all others. Each change names
// the setting that causes it.
package review

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"defog-cdk/cmd/defog/redact"
	"defog-cdk/config"
)

// Kind is the importance of a change.
type Kind int

// Kinds of changes, the most important first.
const (
	Security Kind = iota // more permissions, or less monitoring or retention
	Loss                 // the replacement or removal of a resource that holds data
	Other
)

// Change is one change of a stack. Its texts hold no secrets.
type Change struct {
	Kind     Kind
	Resource string // the logical id
	Type     string // of the resource, "AWS::Lambda::Function"; or the template's section, "outputs"
	Path     string // of the property, "Environment.Variables.DEFOG_MAX_ROWS"; empty for the whole resource
	What     string // one phrase
	From, To string // values as text; empty for a missing value
	Settings []Setting
}

// Setting is a setting that can cause a change.
type Setting struct {
	Key           string
	Value, Origin string // empty when unknown
}

// Report holds all changes of one stack.
type Report struct {
	Stack   string
	New     bool     // whether the stack is not deployed yet
	Changes []Change // sorted by kind, resource and path

	Drift      bool           // whether each change is one of a deployed resource, from its template
	Unchecked  map[string]int // numbers of resources that a drift detection omits, by type
	Unknown    []Unknown      // resources whose drift detection failed
	Incomplete string         // why the drift detection failed in part
}

// Stack is the input of a comparison. encoding/json decoded the templates.
type Stack struct {
	Name     string
	Deployed map[string]any // nil for a new stack
	Proposed map[string]any
	Settings []config.Value // of the proposed template, from config.Effective; nil if unknown
}

// Options are further inputs of [Compare].
type Options struct {
	// Root is the checkout with node_modules; empty for the current folder.
	Root string

	// Secrets replace the secrets in texts; nil for an empty set without a key.
	Secrets *redact.Secrets
}

// Compare compares the deployed template of each stack with the proposed one, and
// returns the reports in the same order.
func Compare(ctx context.Context, stacks []Stack, options Options) ([]Report, error) {
	if options.Secrets == nil {
		options.Secrets = redact.NewSecrets("")
	}
	for _, stack := range stacks {
		options.Secrets.Add(redact.Old, redact.InTemplate(stack.Deployed)...)
		options.Secrets.Add(redact.New, redact.InTemplate(stack.Proposed)...)
	}
	options.Secrets.Compared()
	comparisons, pairs := make([]*comparison, len(stacks)), make([]pair, len(stacks))
	for i, stack := range stacks {
		comparisons[i] = newComparison(stack, options.Secrets)
		pairs[i] = pair{comparisons[i].deployed, comparisons[i].proposed}
	}
	found, err := compare(ctx, options.Root, pairs)
	if err != nil {
		return nil, err
	}
	reports := make([]Report, len(stacks))
	for i, c := range comparisons {
		reports[i] = c.report(found[i])
	}
	return reports, nil
}

// Count returns the number of changes of a kind.
func (r Report) Count(kind Kind) (count int) {
	for _, change := range r.Changes {
		if change.Kind == kind {
			count++
		}
	}
	return count
}

// comparison collects the changes of two templates with masked secrets.
type comparison struct {
	stack              Stack
	secrets            *redact.Secrets
	masked             map[string]string // secrets by their tokens
	deployed, proposed map[string]any
	credentials        string // phrase for their change
	drift              bool   // whether the proposed template is of actual resources
	changes            []Change
}

func newComparison(stack Stack, secrets *redact.Secrets) *comparison {
	c := &comparison{stack: stack, secrets: secrets, masked: map[string]string{}}
	c.credentials = changedCredentials(stack.Deployed, stack.Proposed)
	c.deployed, c.proposed = c.mask(stack.Deployed), c.mask(stack.Proposed)
	return c
}

// report converts the library's differences to a report.
func (c *comparison) report(found differences) Report {
	for _, resource := range found.Resources {
		c.resource(resource.ID, resource.Impact, resource.Properties)
	}
	for _, other := range found.Others {
		from, to := other.Deployed, other.Proposed
		if other.Section == "outputs" {
			from, to = part(from, "Value"), part(to, "Value")
		}
		c.add(Change{Kind: Other, Resource: other.ID, Type: other.Section, What: verb(other.Deployed, other.Proposed)}, from, to)
	}
	for i := range c.changes {
		if strings.HasSuffix(c.changes[i].Path, credentialsPath) && c.credentials != "" {
			c.changes[i].What = c.credentials
		}
	}
	slices.SortStableFunc(c.changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Path, b.Path))
	})
	return Report{Stack: c.stack.Name, New: c.stack.Deployed == nil, Changes: c.changes}
}

// resource adds the changes of one resource.
func (c *comparison) resource(id, impact string, properties map[string]string) {
	before, after := part(c.deployed, "Resources", id), part(c.proposed, "Resources", id)
	if !c.drift && before != nil && after == nil && part(before, "Type") == "AWS::Lambda::Version" {
		return // the old version remains, and the next one is in the report
	}
	kind, _ := part(before, "Type").(string)
	if after != nil {
		kind, _ = part(after, "Type").(string)
	}
	if kind == "AWS::CDK::Metadata" {
		return // the CDK's usage statistics
	}
	from := len(c.changes)
	c.judge(id, kind, before, after)
	c.loss(id, kind, impact, before, properties)
	reported := map[string]bool{}
	for _, change := range c.changes[from:] {
		reported[change.Path] = true
	}
	switch {
	case before == nil || after == nil:
		if !reported[""] {
			c.add(Change{Kind: Other, Resource: id, Type: kind, What: verb(before, after)}, nil, nil)
		}
		return
	}
	for _, l := range leaves(before, after) {
		if !covered(reported, l.path) {
			c.add(Change{Kind: Other, Resource: id, Type: kind, Path: l.path, What: verb(l.from, l.to)}, l.from, l.to)
		}
	}
}

// add completes a change and adds it.
func (c *comparison) add(change Change, from, to any) {
	most := maxValue
	if change.Kind != Other {
		most = maxImportant // the rest could be important
	}
	change.From, change.To = c.show(from, most), c.show(to, most)
	change.What = c.clean(change.What, most)
	change.Settings = c.settings(change)
	c.changes = append(c.changes, change)
}

// covered reports whether the report has a change of the path, of a parent or of a
// child.
func covered(reported map[string]bool, path string) bool {
	for other := range reported {
		if strings.HasPrefix(other, path+".") {
			return true
		}
	}
	for {
		if reported[path] {
			return true
		}
		i := strings.LastIndexByte(path, '.')
		if i < 0 {
			return false
		}
		path = path[:i]
	}
}

func verb(before, after any) string {
	switch {
	case before == nil:
		return "added"
	case after == nil:
		return "removed"
	}
	return "changed"
}

// part returns the value at a path of keys in a document, or nil.
func part(document any, path ...string) any {
	for _, key := range path {
		object, ok := document.(map[string]any)
		if !ok {
			return nil
		}
		document = object[key]
	}
	return document
}

// at returns the value at a dotted path below a resource's properties.
func at(resource any, path string) any {
	return part(resource, append([]string{"Properties"}, strings.Split(path, ".")...)...)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
