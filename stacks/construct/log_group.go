package construct

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
)

// LogSettings are the settings of a log group.
type LogSettings struct {
	RetentionDays int  // 0 for ever
	Retain        bool // when the stack is destroyed
}

// LogSettingsOf returns the log groups' part of the settings.
func LogSettingsOf(s config.Settings) LogSettings {
	return LogSettings{RetentionDays: s.LogRetention, Retain: s.Retain()}
}

// NewLogGroup makes a log group.
func NewLogGroup(scope constructs.Construct, id string, props LogSettings) awslogs.LogGroup {
	return awslogs.NewLogGroup(scope, jsii.String(id), props.cdk())
}

// newVendedLogGroup makes a log group that an AWS service writes itself. Names
// outside of /aws/vendedlogs/ use up a resource policy that a region has once.
// The stack's id keeps the name free for the next stack of that name.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
func newVendedLogGroup(scope constructs.Construct, id, stack string, settings LogSettings) awslogs.LogGroup {
	props := settings.cdk()
	props.LogGroupName = jsii.String("/aws/vendedlogs/" + stack + "/" + *uniquePart(scope))
	return awslogs.NewLogGroup(scope, jsii.String(id), props)
}

func (s LogSettings) cdk() *awslogs.LogGroupProps {
	removal := awscdk.RemovalPolicy_DESTROY
	if s.Retain {
		removal = awscdk.RemovalPolicy_RETAIN
	}
	return &awslogs.LogGroupProps{Retention: retentions[s.RetentionDays], RemovalPolicy: removal}
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
