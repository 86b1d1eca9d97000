package query

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/internal/metrics"
	"defog-cdk/stacks/construct"
)

// checkedHours exceeds the day between two checks, so that the alarm lasts until a check
// finds nothing.
const checkedHours = 26

// SchemaCheckProps are the properties of the daily check.
type SchemaCheckProps struct {
	Stack string          // the stack's name, a dimension of the metric
	Alias awslambda.Alias // the version that runs the check
}

// SchemaCheck is a rule that invokes the function once a day, and an alarm. The function
// then compares the generator's files with the database.
type SchemaCheck struct {
	constructs.Construct
	Alarm awscloudwatch.Alarm
}

// NewSchemaCheck makes the rule and its alarm. The function's role needs no further right.
func NewSchemaCheck(scope constructs.Construct, id string, props SchemaCheckProps) *SchemaCheck {
	node := constructs.NewConstruct(scope, jsii.String(id))
	rule := awsevents.NewRule(node, jsii.String("Daily"), &awsevents.RuleProps{
		Description: jsii.Sprintf("Compares the files of the SQL generator with the database of %s", props.Stack),
		Schedule:    awsevents.Schedule_Rate(awscdk.Duration_Days(jsii.Number(1))),
	})
	construct.SetTarget(rule, &awsevents.CfnRule_TargetProperty{
		Id: jsii.String("Target0"), Arn: props.Alias.FunctionArn(),
		Input: awscdk.Stack_Of(node).ToJsonString(map[string]any{"schema_check": map[string]any{"stack": props.Stack}}, nil),
	})
	props.Alias.AddPermission(jsii.String("SchemaCheck"), &awslambda.Permission{
		Principal: construct.ServicePrincipal("events"), SourceArn: rule.RuleArn(),
	})
	return &SchemaCheck{Construct: node, Alarm: construct.NewAlarm(node, "Findings", construct.AlarmProps{
		Description: "The database no longer has what schema.json, golden.json or glossary.md name, or could not be compared with them. " +
			"The log line schema check has the findings; defog schema --check shows all of them.",
		Metric: questionMetric(props.Stack, metrics.SchemaFindings).With(&awscloudwatch.MetricOptions{
			Statistic: jsii.String("Maximum"), Period: awscdk.Duration_Hours(jsii.Number(1)),
		}),
		Threshold: construct.Once, Evaluated: checkedHours, Breaching: 1,
	})}
}
