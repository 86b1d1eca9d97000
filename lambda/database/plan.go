package database

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// codePlan is the code of a statement whose plan is refused, for the log.
const codePlan = "max_plan_cost"

// NeedsPlan reports whether the plan of a guarded statement must be examined before it
// runs. EXPLAIN has no plan itself, and can run its statement: it is refused.
func (l Limits) NeedsPlan(sql string) (bool, error) {
	if l.PlanCost == 0 {
		return false, nil
	}
	isOther := func(r rune) bool { return !unicode.IsLetter(r) }
	first, _, _ := strings.Cut(strings.TrimLeftFunc(sql, isOther), " ")
	if end := strings.IndexFunc(first, isOther); end >= 0 { // EXPLAIN(…)
		first = first[:end]
	}
	switch strings.ToLower(first) {
	case "explain", "describe", "desc":
		return false, Refusal(codePlan, strings.ToUpper(first)+" has no plan whose cost max_plan_cost could limit; want the statement itself")
	case "show":
		return false, nil
	}
	return true, nil
}

// CheckPlan returns the error of a statement whose plan costs more than the limit. With
// a caller's identity it does not contain the cost, which depends on statistics of rows
// that the caller may not read.
func (l Limits) CheckPlan(cost float64) error {
	if cost <= l.PlanCost { // NaN compares as false
		return nil
	}
	number := func(cost float64) string { return strconv.FormatFloat(cost, 'f', -1, 64) }
	amount := "more than"
	if l.Identity == nil {
		amount = number(cost) + ", and the limit is"
	}
	return Refusal(codePlan, fmt.Sprintf("its plan costs %s %s (max_plan_cost): read fewer rows, by a filter, a shorter period or fewer joins", amount, number(l.PlanCost)))
}

// PlanUnknown returns the error of a statement whose plan has no cost.
func PlanUnknown() *StatementError {
	return Refusal(codePlan, "the database returned no cost of its plan, which max_plan_cost limits")
}
