package query

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// savedQuery is a query of CloudWatch Logs Insights.
type savedQuery struct {
	id, name string
	lines    []string
}

func (q savedQuery) text() string { return strings.Join(q.lines, "\n| ") }

// failedQuestions lists the latest questions without an answer, and the causes.
func failedQuestions() savedQuery {
	return savedQuery{"FailedQuestions", "Failed questions", []string{
		"fields @timestamp, outcome, status, sqlstate, cause, request_id",
		`filter msg = "question" and outcome != "ok"`,
		"sort @timestamp desc",
		"limit 100",
	}}
}

// functionQueries read the function's log: lambda/ask writes one line a question,
// and Lambda adds its own.
func functionQueries() []savedQuery {
	return []savedQuery{
		failedQuestions(),
		{"SlowestQuestions", "Slowest questions", []string{
			"fields @timestamp, total_ms, generation_ms, database_ms, retries, rows, bytes, cold_start, request_id",
			`filter msg = "question"`,
			"sort total_ms desc",
			"limit 100",
		}},
		{"Outcomes", "Outcomes by hour", []string{
			`filter msg = "question"`,
			"stats count(*) as questions by bin(1h) as hour, outcome",
			"sort hour desc",
		}},
		{"Times", "Times by hour", []string{
			`filter msg = "question"`,
			"stats count(*) as questions, pct(total_ms, 50) as p50, pct(total_ms, 95) as p95, pct(generation_ms, 95) as generator_p95, pct(database_ms, 95) as database_p95 by bin(1h) as hour",
			"sort hour desc",
		}},
		// https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
		{"ColdStarts", "Cold starts and memory by hour", []string{
			`filter type = "platform.report"`,
			"stats count(*) as requests, count(record.metrics.initDurationMs) as cold_starts, max(record.metrics.initDurationMs) as slowest_start_ms, max(record.metrics.maxMemoryUsedMB) as memory_mb by bin(1h) as hour",
			"sort hour desc",
		}},
	}
}

// spendingQueries read the tokens and costs in the function's log.
func spendingQueries() []savedQuery {
	return []savedQuery{
		{"Spending", "Spending", []string{
			`filter msg = "question" and ispresent(cost_usd)`,
			"stats sum(cost_usd) as usd, count(*) as questions, sum(input_tokens) as input, sum(output_tokens) as output, sum(cache_read_tokens) as cache_read, sum(cache_write_tokens) as cache_write by bin(1d) as day, caller",
			"sort usd desc",
		}},
	}
}

// accessQueries read the API's access log.
func accessQueries() []savedQuery {
	return []savedQuery{
		{"RefusedRequests", "Refused requests", []string{
			"fields @timestamp, status, ip, caller, route, authorizerError, gatewayErrorType, userAgent, requestId",
			"filter status >= 400 and status < 500",
			"sort @timestamp desc",
			"limit 100",
		}},
	}
}

// addSavedQueries saves the queries in the console, in a folder named after the
// stack.
func addSavedQueries(scope constructs.Construct, props OperationsProps) {
	add := func(queries []savedQuery, logs awslogs.ILogGroup) {
		for _, query := range queries {
			awslogs.NewCfnQueryDefinition(scope, jsii.String(query.id), &awslogs.CfnQueryDefinitionProps{
				Name:          jsii.String(props.Stack + "/" + query.name),
				QueryString:   jsii.String(query.text()),
				LogGroupNames: &[]any{logs.LogGroupName()},
			})
		}
	}
	add(functionQueries(), props.Function.Function.LogGroup())
	if props.Priced {
		add(spendingQueries(), props.Function.Function.LogGroup())
	}
	add(accessQueries(), props.API.AccessLogs)
}
