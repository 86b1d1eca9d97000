package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
)

// newLogGroup makes a log group with the settings' retention and removal
// policy.
func newLogGroup(scope constructs.Construct, id string, conf config.Config) awslogs.LogGroup {
	return awslogs.NewLogGroup(scope, jsii.String(id), logGroupProps(conf))
}

// newVendedLogGroup makes a log group that an AWS service writes itself. Each
// that is not named below /aws/vendedlogs/ takes room in a resource policy of
// which a region has one, until no API can have a log any more. The stack's id
// keeps a log that outlived its stack from standing in the way of the next one.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
func newVendedLogGroup(scope constructs.Construct, id string, conf config.Config) awslogs.LogGroup {
	props := logGroupProps(conf)
	props.LogGroupName = jsii.String("/aws/vendedlogs/" + conf.StackName() + "/" + *uniquePart(scope))
	return awslogs.NewLogGroup(scope, jsii.String(id), props)
}

// uniquePart is the end of the stack's id, which no other stack ever has.
func uniquePart(scope constructs.Construct) *string {
	return awscdk.Fn_Select(jsii.Number(2), awscdk.Fn_Split(jsii.String("/"), awscdk.Stack_Of(scope).StackId(), nil))
}

func logGroupProps(conf config.Config) *awslogs.LogGroupProps {
	removal := awscdk.RemovalPolicy_DESTROY
	if conf.Retain() {
		removal = awscdk.RemovalPolicy_RETAIN
	}
	return &awslogs.LogGroupProps{Retention: retentions[conf.LogRetention], RemovalPolicy: removal}
}

var retentions = map[int]awslogs.RetentionDays{
	0:    awslogs.RetentionDays_INFINITE,
	1:    awslogs.RetentionDays_ONE_DAY,
	3:    awslogs.RetentionDays_THREE_DAYS,
	5:    awslogs.RetentionDays_FIVE_DAYS,
	7:    awslogs.RetentionDays_ONE_WEEK,
	14:   awslogs.RetentionDays_TWO_WEEKS,
	30:   awslogs.RetentionDays_ONE_MONTH,
	60:   awslogs.RetentionDays_TWO_MONTHS,
	90:   awslogs.RetentionDays_THREE_MONTHS,
	120:  awslogs.RetentionDays_FOUR_MONTHS,
	150:  awslogs.RetentionDays_FIVE_MONTHS,
	180:  awslogs.RetentionDays_SIX_MONTHS,
	365:  awslogs.RetentionDays_ONE_YEAR,
	400:  awslogs.RetentionDays_THIRTEEN_MONTHS,
	545:  awslogs.RetentionDays_EIGHTEEN_MONTHS,
	731:  awslogs.RetentionDays_TWO_YEARS,
	1096: awslogs.RetentionDays_THREE_YEARS,
	1827: awslogs.RetentionDays_FIVE_YEARS,
	2192: awslogs.RetentionDays_SIX_YEARS,
	2557: awslogs.RetentionDays_SEVEN_YEARS,
	2922: awslogs.RetentionDays_EIGHT_YEARS,
	3288: awslogs.RetentionDays_NINE_YEARS,
	3653: awslogs.RetentionDays_TEN_YEARS,
}
