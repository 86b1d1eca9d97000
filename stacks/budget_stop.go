package stacks

import (
	_ "embed"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
)

// stopCode lets Lambda run no more of a function. AWS Budgets can forbid things
// to roles and users by itself, but not to S3 and API Gateway, which call the
// function by its own policy.
//
//go:embed stop.py
var stopCode string

// newBudgetStop makes the topic that AWS Budgets tells when all is spent, and the
// little function behind it that stops the user's own.
func newBudgetStop(scope constructs.Construct, conf config.Config, function awslambda.IFunction) awssns.Topic {
	logs := newLogGroup(scope, "StopLogs", conf)
	role := awsiam.NewRole(scope, jsii.String("StopRole"), &awsiam.RoleProps{
		AssumedBy:   awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil),
		Description: jsii.Sprintf("Stops the function of %s when its budget is spent", conf.StackName()),
		InlinePolicies: &map[string]awsiam.PolicyDocument{"Stop": awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{
			Statements: &[]awsiam.PolicyStatement{writeLog(logs), allow(function.FunctionArn(), "lambda:PutFunctionConcurrency")},
		})},
	})
	stop := awslambda.NewFunction(scope, jsii.String("Stop"), &awslambda.FunctionProps{
		Description:  jsii.Sprintf("Stops the function of %s when its budget is spent", conf.StackName()),
		Runtime:      awslambda.Runtime_PYTHON_3_14(),
		Architecture: awslambda.Architecture_ARM_64(),
		Handler:      jsii.String("index.handler"),
		Code:         awslambda.Code_FromInline(jsii.String(stopCode)),
		Timeout:      awscdk.Duration_Seconds(jsii.Number(30)),
		Role:         role.WithoutPolicyUpdates(nil),
		LogGroup:     logs,
		Environment:  texts(map[string]string{"FUNCTION": *function.FunctionName()}),
	})
	impliedDependency(stop, "Resource")
	topic := newBudgetTopic(scope, conf)
	topic.AddSubscription(awssnssubscriptions.NewLambdaSubscription(stop, nil))
	return topic
}

// newBudgetTopic takes messages from this account's budgets alone.
// https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html
func newBudgetTopic(scope constructs.Construct, conf config.Config) awssns.Topic {
	name := "Budget of " + conf.StackName()
	topic := newTopic(scope, name, "Encrypts what the "+lowerFirst(name)+" says", "budgets")
	topic.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{servicePrincipal("budgets")},
		Actions:    jsii.Strings("sns:Publish"),
		Resources:  &[]*string{topic.TopicArn()},
		Conditions: &map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": awscdk.Stack_Of(scope).Account()}},
	}))
	return topic
}
