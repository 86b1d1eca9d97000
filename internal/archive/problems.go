package archive

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// problems gathers what is wrong with a zip's members: each kind once, with the
// first by name and how many more there are.
type problems struct {
	kinds map[string]*kind
}

type kind struct {
	members []string
	valid   string
}

// add notes a problem with a member; "" is none.
func (p *problems) add(problem, member, valid string) {
	if problem == "" {
		return
	}
	if p.kinds == nil {
		p.kinds = map[string]*kind{}
	}
	if p.kinds[problem] == nil {
		p.kinds[problem] = &kind{valid: valid}
	}
	p.kinds[problem].members = append(p.kinds[problem].members, member)
}

func (p *problems) err() error {
	var all []error
	for _, problem := range slices.Sorted(maps.Keys(p.kinds)) {
		kind := p.kinds[problem]
		text := problem
		if first := slices.Min(kind.members); first != "" {
			text += fmt.Sprintf(": %.200q", first)
		}
		if more := len(kind.members) - 1; more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		if kind.valid != "" {
			text += "; valid: " + kind.valid
		}
		all = append(all, errors.New(text))
	}
	return errors.Join(all...)
}
