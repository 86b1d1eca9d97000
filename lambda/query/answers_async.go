//go:build !onedriver || async

package main

import (
	"defog-cdk/lambda/answers"
	"defog-cdk/lambda/answers/table"
	"defog-cdk/lambda/spending"
)

func init() {
	openAnswers = func(s settings) *answers.Service {
		return &answers.Service{
			Store: table.New(s.aws, s.answersTable, s.answersBucket),
			Queue: table.NewQueue(s.aws, s.answersQueue),
		}
	}
	openLedger = func(s settings) spending.Ledger { return table.NewLedger(s.aws, s.answersTable) }
}
