package main

import "defog-cdk/lambda/answers"

// openAnswers opens the store and the queue of long questions. It is nil in a
// program without the build tag async: the clients of DynamoDB and SQS make the
// program a tenth larger.
var openAnswers func(settings) *answers.Service

// longQuestions returns the service of long questions, or nil without a table.
func (s *service) longQuestions() *answers.Service {
	if s.answersTable == "" || openAnswers == nil {
		return nil
	}
	return openAnswers(s.settings)
}
