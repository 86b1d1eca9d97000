package artifact

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"defog-cdk/config"
)

// Policy is the operator's IAM policy for the function's role.
type Policy struct {
	Setting  string // its origin
	Document map[string]any
}

// CheckPolicies returns the problems of the operator's policies, so that config's
// problems and these appear together. Prepare checks the policies, too.
func CheckPolicies(conf config.Config) error {
	_, err := readPolicies(conf)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // config reports it
	}
	return err
}

// readPolicies reads the operator's policies and checks what needs no AWS. The
// error holds every problem.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
func readPolicies(conf config.Config) (policies []Policy, err error) {
	var problems []error
	add := func(setting string, data []byte, err error) {
		var document map[string]any
		if err == nil {
			document, err = parsePolicy(data, conf.IAMPolicyAllowAll)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", setting, err))
		}
		policies = append(policies, Policy{setting, document})
	}
	if conf.IAMPolicyFile != "" {
		data, err := os.ReadFile(conf.IAMPolicyFile)
		add("iam_policy_file", data, err)
	}
	if conf.RolePolicy != nil {
		data, err := json.Marshal(conf.RolePolicy)
		add("function_role_policy_document", data, err)
	}
	return policies, errors.Join(problems...)
}

// policyVersion is the version of IAM's language that has variables; the older
// version reads them as text.
const policyVersion = "2012-10-17"

// parsePolicy returns a policy with keys in IAM's spelling. It returns an error
// for a policy that allows everything, unless allowAll is true.
func parsePolicy(data []byte, allowAll bool) (map[string]any, error) {
	var policy struct {
		Version   string
		ID        string `json:"Id,omitempty"`
		Statement oneOrMore[policyStatement]
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&policy); err != nil {
		return nil, fmt.Errorf("is not an IAM policy: %w", err)
	}
	var problems []error
	if policy.Version != policyVersion {
		problems = append(problems, fmt.Errorf("its Version is %q; want %q", policy.Version, policyVersion))
	}
	if len(policy.Statement) == 0 {
		problems = append(problems, errors.New("has no Statement; want at least one"))
	}
	for i, statement := range policy.Statement {
		if err := statement.check(allowAll); err != nil {
			problems = append(problems, fmt.Errorf("statement %d: %w", i+1, err))
		}
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	text, err := json.Marshal(policy)
	if err != nil {
		return nil, err
	}
	var document map[string]any
	return document, json.Unmarshal(text, &document)
}

// policyStatement is a statement of a policy for a role. It has no principals.
type policyStatement struct {
	Sid         string `json:",omitempty"`
	Effect      string
	Action      oneOrMore[string] `json:",omitempty"`
	NotAction   oneOrMore[string] `json:",omitempty"`
	Resource    oneOrMore[string] `json:",omitempty"`
	NotResource oneOrMore[string] `json:",omitempty"`
	Condition   map[string]any    `json:",omitempty"`
}

func (s policyStatement) check(allowAll bool) error {
	switch {
	case s.Effect != "Allow" && s.Effect != "Deny":
		return fmt.Errorf("its Effect is %q; want Allow or Deny", s.Effect)
	case (len(s.Action) == 0) == (len(s.NotAction) == 0):
		return errors.New("has both or none of Action and NotAction; want one of them")
	case (len(s.Resource) == 0) == (len(s.NotResource) == 0):
		return errors.New("has both or none of Resource and NotResource; want one of them")
	case s.Effect == "Allow" && s.everyAction() && s.everyResource() && !allowAll:
		return errors.New("allows every action on every resource; want named ones, or iam_policy_allow_all=true")
	}
	return nil
}

// everyAction reports whether the statement covers all actions, or all but some.
func (s policyStatement) everyAction() bool {
	return len(s.NotAction) > 0 || slices.ContainsFunc(s.Action, func(action string) bool {
		return onlyWildcards(strings.ReplaceAll(action, ":", ""))
	})
}

// everyResource reports whether the statement covers resources of every service: *,
// arn:*, arn:aws:*:*, and the like. A * also matches colons.
func (s policyStatement) everyResource() bool {
	return len(s.NotResource) > 0 || slices.ContainsFunc(s.Resource, func(resource string) bool {
		parts := strings.Split(resource, ":")
		if len(parts) < 3 {
			return strings.Contains(resource, "*")
		}
		return onlyWildcards(parts[2])
	})
}

// onlyWildcards reports whether a pattern matches a name of any service.
func onlyWildcards(pattern string) bool {
	return strings.Trim(pattern, "*?") == "" && strings.Contains(pattern, "*")
}

// oneOrMore is a value or a list of values, as IAM accepts both.
type oneOrMore[T any] []T

// UnmarshalJSON implements json.Unmarshaler.
func (o *oneOrMore[T]) UnmarshalJSON(data []byte) error {
	if !bytes.HasPrefix(data, []byte("[")) {
		data = slices.Concat([]byte("["), data, []byte("]"))
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	return decoder.Decode((*[]T)(o))
}
