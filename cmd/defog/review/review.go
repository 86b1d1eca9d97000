// Package review says what a deployment would change, for the person who is to
// allow it: first what touches security, then what loses data, then the rest,
// each with the setting that it comes from.
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

// Kind says how much a change matters.
type Kind int

// Kinds of changes, what matters most first.
const (
	Security Kind = iota // somebody may do more, or something is watched or kept less
	Loss                 // a resource is replaced or removed with what it holds
	Other
)

// Change is one change of a stack. Its texts hold no secrets.
type Change struct {
	Kind     Kind
	Resource string // the logical id
	Type     string // of the resource, "AWS::Lambda::Function"; or a section of the template, "outputs"
	Path     string // of the property, "Environment.Variables.DEFOG_MAX_ROWS"; empty for the whole resource
	What     string // one phrase
	From, To string // values as text; empty where there is none
	Settings []Setting
}

// Setting is a setting that a change can come from.
type Setting struct {
	Key           string
	Value, Origin string // empty when they are not known
}

// Report is all that a deployment would change of one stack.
type Report struct {
	Stack   string
	New     bool     // nothing is deployed yet
	Changes []Change // by kind, resource and path
}

// Stack is what is compared of one stack. Templates are as encoding/json decodes
// them.
type Stack struct {
	Name     string
	Deployed map[string]any // nil for none
	Proposed map[string]any
	Settings []config.Value // of the proposed template, from config.Effective; nil if unknown
}

// Options are what Compare can use besides the stacks.
type Options struct {
	// Root is the checkout with node_modules; empty for the current folder.
	Root string

	// Secrets say what stands in place of secrets; nil for a set without a key.
	Secrets *redact.Secrets
}

// Compare compares what is deployed of each stack with what is proposed, and
// returns their reports in the same order.
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

// Count returns how many changes of a kind there are.
func (r Report) Count(kind Kind) (count int) {
	for _, change := range r.Changes {
		if change.Kind == kind {
			count++
		}
	}
	return count
}

// comparison gathers the changes of two templates whose secrets are masked.
type comparison struct {
	stack              Stack
	secrets            *redact.Secrets
	masked             map[string]string // secrets by what stands for them
	deployed, proposed map[string]any
	credentials        string // what changes of them
	changes            []Change
}

func newComparison(stack Stack, secrets *redact.Secrets) *comparison {
	c := &comparison{stack: stack, secrets: secrets, masked: map[string]string{}}
	c.credentials = changedCredentials(stack.Deployed, stack.Proposed)
	c.deployed, c.proposed = c.mask(stack.Deployed), c.mask(stack.Proposed)
	return c
}

// report says what the library found, and what that means.
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

// resource gathers what changes of one resource.
func (c *comparison) resource(id, impact string, properties map[string]string) {
	before, after := part(c.deployed, "Resources", id), part(c.proposed, "Resources", id)
	if before != nil && after == nil && part(before, "Type") == "AWS::Lambda::Version" {
		return // it stays, and the next one is named
	}
	kind, _ := part(before, "Type").(string)
	if after != nil {
		kind, _ = part(after, "Type").(string)
	}
	if kind == "AWS::CDK::Metadata" {
		return // what the CDK counts
	}
	from := len(c.changes)
	c.judge(id, kind, before, after)
	c.loss(id, kind, impact, before, properties)
	said := map[string]bool{}
	for _, change := range c.changes[from:] {
		said[change.Path] = true
	}
	switch {
	case before == nil || after == nil:
		if !said[""] {
			c.add(Change{Kind: Other, Resource: id, Type: kind, What: verb(before, after)}, nil, nil)
		}
		return
	}
	for _, l := range leaves(before, after) {
		if !covered(said, l.path) {
			c.add(Change{Kind: Other, Resource: id, Type: kind, Path: l.path, What: verb(l.from, l.to)}, l.from, l.to)
		}
	}
}

// add completes a change and notes it.
func (c *comparison) add(change Change, from, to any) {
	most := longest
	if change.Kind != Other {
		most = longestToRead // what is cut off could be what matters
	}
	change.From, change.To = c.show(from, most), c.show(to, most)
	change.What = c.clean(change.What, most)
	change.Settings = c.settings(change)
	c.changes = append(c.changes, change)
}

// covered reports whether a change of this path, of what it is part of, or of
// part of it has been said.
func covered(said map[string]bool, path string) bool {
	for other := range said {
		if strings.HasPrefix(other, path+".") {
			return true
		}
	}
	for {
		if said[path] {
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

// part is what is at a path of keys in a document, nil for nothing.
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

// at is part by a path in one text, below a resource's properties.
func at(resource any, path string) any {
	return part(resource, append([]string{"Properties"}, strings.Split(path, ".")...)...)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
