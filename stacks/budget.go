package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsbudgets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// costTag is the tag by which costs are told apart: PODPAC's name for it, with
// the stack's own id. The account's owner has to activate it as a cost
// allocation tag once.
// https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/activating-tags.html
const costTag = "_podpac_resource_hash"

// When a budget's mails are sent, in per cent of it.
const (
	budgetSpent    = 80  // of what has been spent
	budgetForecast = 100 // of what will have been at the month's end
	budgetStop     = 100 // the function is stopped, if budget_action says so
)

// addBudget makes the stack's budget, with mails and, if budget_action says so,
// what stops the function.
func addBudget(scope constructs.Construct, inputs *Inputs, function awslambda.IFunction) {
	conf := inputs.Config
	this := constructs.NewConstruct(scope, jsii.String("Budget"))
	if conf.BudgetAmount == 0 || budgetGap.leftOut(this, inputs.Local) {
		return
	}
	id := *uniquePart(scope)
	awscdk.Tags_Of(scope).Add(jsii.String(costTag), jsii.String(id), &awscdk.TagProps{
		ExcludeResourceTypes: jsii.Strings("aws:cdk:stack"), // whose tags cannot name its own id
	})
	mail := &awsbudgets.CfnBudget_SubscriberProperty{SubscriptionType: jsii.String("EMAIL"), Address: jsii.String(conf.BudgetEmail)}
	notifications := []any{
		budgetNotification("ACTUAL", budgetSpent, mail),
		budgetNotification("FORECASTED", budgetForecast, mail),
	}
	if conf.BudgetAction {
		stop := newBudgetStop(this, conf, function)
		notifications = append(notifications, budgetNotification("ACTUAL", budgetStop, mail,
			&awsbudgets.CfnBudget_SubscriberProperty{SubscriptionType: jsii.String("SNS"), Address: stop.TopicArn()}))
	}
	awsbudgets.NewCfnBudget(this, jsii.String("Budget"), &awsbudgets.CfnBudgetProps{
		Budget: &awsbudgets.CfnBudget_BudgetDataProperty{
			BudgetName:  optional(conf.BudgetName), // by default one that a replacement can have beside it
			BudgetType:  jsii.String("COST"),
			TimeUnit:    jsii.String("MONTHLY"),
			BudgetLimit: &awsbudgets.CfnBudget_SpendProperty{Amount: jsii.Number(conf.BudgetAmount), Unit: jsii.String(conf.BudgetCurrency)},
			CostFilters: map[string]any{"TagKeyValue": []string{"user:" + costTag + "$" + id}},
		},
		NotificationsWithSubscribers: &notifications,
	})
}

func budgetNotification(kind string, percent float64, subscribers ...*awsbudgets.CfnBudget_SubscriberProperty) *awsbudgets.CfnBudget_NotificationWithSubscribersProperty {
	var all []any
	for _, subscriber := range subscribers {
		all = append(all, subscriber)
	}
	return &awsbudgets.CfnBudget_NotificationWithSubscribersProperty{
		Notification: &awsbudgets.CfnBudget_NotificationProperty{
			NotificationType:   jsii.String(kind),
			ComparisonOperator: jsii.String("GREATER_THAN"),
			Threshold:          jsii.Number(percent),
			ThresholdType:      jsii.String("PERCENTAGE"),
		},
		Subscribers: &all,
	}
}
