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
		text := found.reason
		if first := slices.Min(members[found]); first != "" {
			text = fmt.Sprintf("member %q", rules.Shorten(first))
			if more := len(members[found]) - 1; more > 0 {
				text += fmt.Sprintf(" and %d more", more)
			}
			text += ": " + found.reason
		}
		if found.want != "" {
			text += "; want " + found.want
		}
		all = append(all, errors.New(text))
	}
	return errors.Join(all...)
}

func flatten(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}
