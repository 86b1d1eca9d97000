package config

import (
	"slices"
	"strings"

	"defog-cdk/config/connection"
)

// checkPlanCost checks that the database returns the cost of a plan.
func (c *checker) checkPlanCost(dbType string) {
	if c.given("max_plan_cost") && slices.Contains(connection.DBTypes(), dbType) && !slices.Contains(connection.PlanCostTypes(), dbType) {
		c.failf("max_plan_cost", "not supported for db_type %s; want %s", dbType, strings.Join(connection.PlanCostTypes(), ", "))
	}
}

// costKeys are the settings that require the model's prices.
var costKeys = []string{"daily_cost_alarm", "max_cost_per_day"}

// checkSpending checks the settings of the language model's cost. It completes the
// prices: tokens in the model's cache cost as much as others, unless a price is given.
func (c *checker) checkSpending() {
	if price := c.GeneratorPrice; price != nil {
		for key, missing := range map[string]*float64{"cache_read": &price.CacheRead, "cache_write": &price.CacheWrite} {
			if !c.given("generator_price." + key) {
				*missing = price.Input
			}
		}
	}
	for _, key := range costKeys {
		if price := c.GeneratorPrice; c.given(key) && (price == nil || *price == GeneratorPrice{}) {
			c.failf(key, "the model's cost is unknown; want its prices in generator_price")
		}
	}
	if c.given("max_cost_per_day") && !c.AsyncQuestions {
		c.failf("max_cost_per_day", "counts in the table of long questions, which async_questions creates; want async_questions=true with it")
	}
	if c.given("daily_cost_alarm") && c.AlarmEmail == "" {
		c.failf("daily_cost_alarm", "has no recipient; want alarm_email with it")
	}
}
