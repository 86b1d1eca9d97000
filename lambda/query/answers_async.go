//go:build !onedriver || async

package main

import (
	"defog-cdk/lambda/answers"
	"defog-cdk/lambda/answers/table"
)

func init() {
	openAnswers = func(s settings) *answers.Service {
		return &answers.Service{
			Store: table.New(s.aws, s.answersTable, s.answersBucket),
			Queue: table.NewQueue(s.aws, s.answersQueue),
		}
	}
}
