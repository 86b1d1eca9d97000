package main

import (
	"defog-cdk/lambda/answers"
	"defog-cdk/lambda/spending"
)

// openAnswers opens the store and the queue of long questions. It is nil in a
// program without the build tag async: the clients of DynamoDB and SQS make the
// program a tenth larger.
var openAnswers func(settings) *answers.Service

// openLedger opens the cost of each day, in the same table. It is nil in the same
// programs.
var openLedger func(settings) spending.Ledger

// longQuestions returns the service of long questions, or nil without a table.
func (s *service) longQuestions() *answers.Service {
	if s.answersTable == "" || openAnswers == nil {
		return nil
	}
	return openAnswers(s.settings)
}

// costLedger returns the cost of each day, or nil without a table.
func (s *service) costLedger() spending.Ledger {
	if s.answersTable == "" || openLedger == nil {
		return nil
	}
	return openLedger(s.settings)
}

// spendingLimits returns the limits of the language model, or nil for none.
func (s *service) spendingLimits() *spending.Limits {
	if s.maxTokens == 0 && s.maxDailyCost == 0 {
		return nil
	}
	limits := &spending.Limits{Tokens: s.maxTokens, PerDay: s.maxDailyCost, Ledger: s.ledger, Log: s.log}
	if s.prices != nil {
		limits.Prices = *s.prices
	}
	return limits
}
