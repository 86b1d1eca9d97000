package construct

import (
	_ "embed"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsbudgets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
)

// BudgetID is the construct id of a stack's budget.
const BudgetID = "Budget"

// CostTag is the tag that a budget filters by: PODPAC's name, with the stack's
// unique id. An account's owner activates it once as a cost allocation tag.
// https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/activating-tags.html
const CostTag = "_podpac_resource_hash"

// Thresholds of a budget's notifications, in per cent.
const (
	budgetSpent    = 80  // of the actual cost
	budgetForecast = 100 // of the forecast cost
	budgetStop     = 100 // of the actual cost; stops the function
)

// BudgetSettings are the operator's settings of a monthly budget.
type BudgetSettings struct {
	Amount   float64 // 0 for no budget
	Currency string
	Name     string // default: AWS's choice
	Email    string
	Stop     bool // stops the function when the budget is spent
}

// BudgetSettingsOf returns the budget's part of the settings.
func BudgetSettingsOf(s config.Settings) BudgetSettings {
	return BudgetSettings{Amount: s.BudgetAmount, Currency: s.BudgetCurrency, Name: s.BudgetName, Email: s.BudgetEmail, Stop: s.BudgetAction}
}

// BudgetProps are the properties of a budget.
type BudgetProps struct {
	BudgetSettings
	Stack    string // the stack's name
	Function awslambda.IFunction
	Logs     LogSettings // of the function that stops the other one
}

// NewBudget makes a budget for the resources in scope, which it tags. Without an
// amount it makes none.
func NewBudget(scope constructs.Construct, id string, props BudgetProps) {
	node := constructs.NewConstruct(scope, jsii.String(id))
	if props.Amount == 0 {
		return
	}
	tag := *uniquePart(scope)
	awscdk.Tags_Of(scope).Add(jsii.String(CostTag), jsii.String(tag), &awscdk.TagProps{
		ExcludeResourceTypes: jsii.Strings("aws:cdk:stack"), // whose tags cannot contain its own id
	})
	mail := &awsbudgets.CfnBudget_SubscriberProperty{SubscriptionType: jsii.String("EMAIL"), Address: jsii.String(props.Email)}
	notifications := []any{
		budgetNotification("ACTUAL", budgetSpent, mail),
		budgetNotification("FORECASTED", budgetForecast, mail),
	}
	if props.Stop {
		topic := newBudgetStop(node, props)
		notifications = append(notifications, budgetNotification("ACTUAL", budgetStop, mail,
			&awsbudgets.CfnBudget_SubscriberProperty{SubscriptionType: jsii.String("SNS"), Address: topic.TopicArn()}))
	}
	awsbudgets.NewCfnBudget(node, jsii.String("Budget"), &awsbudgets.CfnBudgetProps{
		Budget: &awsbudgets.CfnBudget_BudgetDataProperty{
			BudgetName:  Optional(props.Name), // AWS's choice is free while a replacement exists
			BudgetType:  jsii.String("COST"),
			TimeUnit:    jsii.String("MONTHLY"),
			BudgetLimit: &awsbudgets.CfnBudget_SpendProperty{Amount: jsii.Number(props.Amount), Unit: jsii.String(props.Currency)},
			CostFilters: map[string]any{"TagKeyValue": []string{"user:" + CostTag + "$" + tag}},
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

// stopCode sets a function's concurrency to 0. A budget's own actions do not
// suffice: they restrict roles and users. S3 and API Gateway invoke the
// function by its resource policy.
//
//go:embed stop.py
var stopCode string

// newBudgetStop makes the topic that AWS Budgets publishes to when the budget is
// spent, and the subscribed function that stops props.Function.
func newBudgetStop(scope constructs.Construct, props BudgetProps) awssns.Topic {
	logs := NewLogGroup(scope, "StopLogs", props.Logs)
	role := awsiam.NewRole(scope, jsii.String("StopRole"), &awsiam.RoleProps{
		AssumedBy:   awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil),
		Description: jsii.Sprintf("Stops the function of %s when its budget is spent", props.Stack),
		InlinePolicies: &map[string]awsiam.PolicyDocument{"Stop": awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{
			Statements: &[]awsiam.PolicyStatement{AllowLogs(logs).Statement, AllowStatement(props.Function.FunctionArn(), "lambda:PutFunctionConcurrency")},
		})},
	})
	stop := awslambda.NewFunction(scope, jsii.String("Stop"), &awslambda.FunctionProps{
		Description:  jsii.Sprintf("Stops the function of %s when its budget is spent", props.Stack),
		Runtime:      awslambda.Runtime_PYTHON_3_14(),
		Architecture: awslambda.Architecture_ARM_64(),
		Handler:      jsii.String("index.handler"),
		Code:         awslambda.Code_FromInline(jsii.String(stopCode)),
		Timeout:      awscdk.Duration_Seconds(jsii.Number(30)),
		Role:         role.WithoutPolicyUpdates(nil),
		LogGroup:     logs,
		Environment:  Texts(map[string]string{"FUNCTION": *props.Function.FunctionName()}),
	})
	name := "Budget of " + props.Stack
	topic := NewTopic(scope, TopicID, TopicProps{Name: name, Service: "budgets", KeyDescription: "Encrypts messages of the " + lowerFirst(name)})
	topic.AddSubscription(awssnssubscriptions.NewLambdaSubscription(stop, nil))
	// https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html
	allowPublish(topic, "budgets", nil)
	return topic
}
