package archive

import (
	"errors"
	"fmt"
	"slices"

	"defog-cdk/internal/archive/rules"
)

// violation is one rule that members violate.
type violation struct{ reason, want string }

// problems groups violations by rule: one error per rule, with the first member
// by name and the number of others.
func problems(err error) error {
	members := map[violation][]string{}
	var order []violation
	for _, problem := range flatten(err) {
		refused, ok := errors.AsType[*rules.RefusedError](problem)
		if !ok {
			return err
		}
		found := violation{refused.Reason, refused.Want}
		if members[found] == nil {
			order = append(order, found)
		}
		members[found] = append(members[found], refused.Member)
	}
	var all []error
	for _, found := range order {
		all = append(all, found.about(members[found]))
	}
	return errors.Join(all...)
}

// about returns the violation as an error that names members; "" is the zip itself.
func (v violation) about(members []string) error {
	text := v.reason
	if first := slices.Min(members); first != "" {
		text = fmt.Sprintf("member %q", rules.Shorten(first))
		if more := len(members) - 1; more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		text += ": " + v.reason
	}
	if v.want != "" {
		text += "; want " + v.want
	}
	return errors.New(text)
}

func flatten(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}
