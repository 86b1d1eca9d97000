package review

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
)

// right is one permission or denial of a policy: one action of one principal on one
// resource.
type right struct {
	path      string // of the policy in the resource
	effect    string
	action    string // "not …" for all other actions
	resource  string
	principal string // empty in the policies of a role
	condition string // JSON; empty for none
}

// judgeRights adds the rights that a change of a resource grants or revokes.
func (c *comparison) judgeRights(id, kind string, before, after any) {
	old, new := rights(kind, before), rights(kind, after)
	more, less := beyond(new, old, "Allow"), beyond(old, new, "Allow")
	more = append(more, beyond(old, new, "Deny")...)
	less = append(less, beyond(new, old, "Deny")...)
	c.addRights(Security, id, kind, more, new, "grants: ", "no longer denies: ")
	c.addRights(Other, id, kind, less, old, "revokes: ", "denies: ")
}

// addRights adds rights, grouped by policy and resource.
func (c *comparison) addRights(kind Kind, id, resourceType string, found, all []right, allowed, denied string) {
	for len(found) > 0 {
		first := found[0]
		var actions []string
		found = slices.DeleteFunc(found, func(r right) bool {
			same := r
			same.action = first.action
			if same == first {
				actions = append(actions, r.action)
			}
			return same == first
		})
		slices.Sort(actions)
		what := allowed
		if first.effect == "Deny" {
			what = denied
		}
		change := Change{Kind: kind, Resource: id, Type: resourceType, Path: first.path, What: what + strings.Join(slices.Compact(actions), ", ")}
		subject := "on " + first.resource
		if first.principal != "" {
			subject += " by " + first.principal
		}
		if first.condition != "" {
			subject += " if " + first.condition
		}
		from, to := any(nil), any(subject)
		if !slices.Contains(all, first) || kind == Other {
			from, to = to, from
		}
		c.add(change, from, to)
	}
}

// beyond returns the rights of one effect in a that no right in b includes.
func beyond(a, b []right, effect string) (rest []right) {
	for _, r := range a {
		if r.effect == effect && !slices.ContainsFunc(b, func(other right) bool { return other.includes(r) }) {
			rest = append(rest, r)
		}
	}
	return rest
}

// includes reports whether a right includes another, in whichever policy they are.
func (r right) includes(other right) bool {
	return r.effect == other.effect &&
		(r.condition == other.condition || r.condition == "") &&
		(r.principal == other.principal || r.principal == "*" && other.principal != "") &&
		matches(strings.ToLower(r.action), strings.ToLower(other.action)) &&
		matches(r.resource, other.resource)
}

// matches reports whether an IAM pattern includes a name or another pattern.
func matches(pattern, name string) bool {
	if pattern == name || pattern == "*" {
		return true
	}
	if strings.HasPrefix(pattern, "not ") || strings.HasPrefix(name, "not ") {
		return false
	}
	// Unlike IAM, path.Match does not match a slash by a star, and it has classes.
	plain := strings.NewReplacer("/", "\x01", "[", `\[`, `\`, `\\`)
	found, err := path.Match(plain.Replace(pattern), strings.ReplaceAll(name, "/", "\x01"))
	return err == nil && found
}

// policyProperties are the properties that hold policies.
var policyProperties = []string{"PolicyDocument", "AssumeRolePolicyDocument", "KeyPolicy", "ResourcePolicy", "RepositoryPolicyText", "Policy", "AccessPolicy"}

// rights returns the rights in all policies of a resource.
func rights(kind string, resource any) (all []right) {
	properties := asObject(part(resource, "Properties"))
	if kind == "AWS::Lambda::Permission" {
		return []right{{
			effect: "Allow", action: text(properties["Action"]), resource: text(properties["FunctionName"]), principal: text(properties["Principal"]),
			condition: conditions(map[string]any{"SourceArn": properties["SourceArn"], "SourceAccount": properties["SourceAccount"], "FunctionUrlAuthType": properties["FunctionUrlAuthType"]}),
		}}[:min(1, len(properties))]
	}
	for _, name := range policyProperties {
		all = append(all, documentRights(name, properties[name])...)
	}
	inline, _ := properties["Policies"].([]any)
	for _, policy := range inline {
		all = append(all, documentRights("Policies", part(policy, "PolicyDocument"))...)
	}
	managed, _ := properties["ManagedPolicyArns"].([]any)
	for _, policy := range managed {
		all = append(all, right{path: "ManagedPolicyArns", effect: "Allow", action: "the actions of a managed policy", resource: text(policy)})
	}
	return all
}

func documentRights(path string, document any) (all []right) {
	for _, statement := range list(part(document, "Statement")) {
		effect, _ := part(statement, "Effect").(string)
		condition := ""
		if given := asObject(part(statement, "Condition")); given != nil {
			condition = conditions(given)
		}
		for _, action := range either(statement, "Action") {
			resources := either(statement, "Resource")
			if len(resources) == 0 { // a role's trust policy applies to the role
				resources = []string{"itself"}
			}
			for _, resource := range resources {
				for _, principal := range principals(statement) {
					all = append(all, right{path, effect, action, hash.ReplaceAllString(resource, "‹hash›"), principal, condition})
				}
			}
		}
	}
	return all
}

// either returns the names of an element of a statement, or of its negation.
func either(statement any, key string) (names []string) {
	for _, name := range list(part(statement, key)) {
		names = append(names, text(name))
	}
	for _, name := range list(part(statement, "Not"+key)) {
		names = append(names, "not "+text(name))
	}
	return names
}

// principals returns the principals of a statement, "" for the policy's own role.
func principals(statement any) (names []string) {
	for _, key := range []string{"Principal", "NotPrincipal"} {
		prefix := strings.ToLower(strings.TrimSuffix(key, "Principal"))
		if prefix != "" {
			prefix += " "
		}
		switch principal := part(statement, key).(type) {
		case string:
			names = append(names, prefix+principal)
		case map[string]any:
			for _, kind := range sortedKeys(principal) {
				for _, name := range list(principal[kind]) {
					written := prefix + kind + " " + text(name)
					if text(name) == "*" && kind == "AWS" && prefix == "" {
						written = "*"
					}
					names = append(names, written)
				}
			}
		}
	}
	if len(names) == 0 {
		return []string{""}
	}
	return names
}

// conditions returns a condition as JSON with sorted keys, without nil values.
func conditions(condition map[string]any) string {
	given := map[string]any{}
	for key, value := range condition {
		if value != nil {
			given[key] = replaceIntrinsics(value)
		}
	}
	if len(given) == 0 {
		return ""
	}
	data, err := json.Marshal(given)
	if err != nil {
		return fmt.Sprint(given)
	}
	return string(data)
}

func replaceIntrinsics(value any) any {
	object, ok := value.(map[string]any)
	if !ok {
		return value
	}
	if written, ok := intrinsic(object); ok {
		return written
	}
	replaced := make(map[string]any, len(object))
	for key, item := range object {
		replaced[key] = replaceIntrinsics(item)
	}
	return replaced
}

// list returns an element that IAM accepts as one value or as a list.
func list(value any) []any {
	switch value := value.(type) {
	case nil:
		return nil
	case []any:
		return value
	}
	return []any{value}
}
