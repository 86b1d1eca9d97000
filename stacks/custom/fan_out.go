package custom

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctions"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
	"defog-cdk/stacks/construct"
)

// fanOutDefinition is the state machine in the Amazon States Language, with the
// placeholders ${Partition} and ${Function}.
// https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
//
//go:embed fan_out.asl.json
var fanOutDefinition []byte

// FanOutProps are the properties of the state machine.
type FanOutProps struct {
	Stack    string // the stack's name, in descriptions
	Function awslambda.IFunction
	Alias    awslambda.IAlias // of the version that it invokes
	Bucket   awss3.IBucket    // of the runs
}

// FanOut invokes the function once for each item of a file in the bucket. Its role
// reads runs and records items that are done, and nothing else.
type FanOut struct {
	constructs.Construct
	ARN *string // of the state machine
}

// NewFanOut makes the state machine and its role.
func NewFanOut(scope constructs.Construct, id string, props FanOutProps) (*FanOut, error) {
	node := constructs.NewConstruct(scope, jsii.String(id))
	stack := awscdk.Stack_Of(node)
	var definition bytes.Buffer
	if err := json.Compact(&definition, fanOutDefinition); err != nil {
		return nil, fmt.Errorf("fan_out.asl.json: %w", err)
	}
	// The role names the state machine, so the name is known before both exist.
	name := jsii.String(*props.Function.FunctionName() + "-fan-out")
	arn := stack.FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("states"), Resource: jsii.String("stateMachine"), ResourceName: name, ArnFormat: awscdk.ArnFormat_COLON_RESOURCE_NAME,
	})
	role := newFanOutRole(node, "Role", props, name, arn)
	// The CDK's construct of a higher level and its tasks would be ten more modules to link.
	machine := awsstepfunctions.NewCfnStateMachine(node, jsii.String("Resource"), &awsstepfunctions.CfnStateMachineProps{
		StateMachineName: name,
		StateMachineType: jsii.String("STANDARD"), // an item can take longer than the five minutes of EXPRESS
		RoleArn:          role.RoleArn(),
		DefinitionString: jsii.String(strings.NewReplacer("${Partition}", *stack.Partition(), "${Function}", *props.Alias.FunctionArn()).Replace(definition.String())),
	})
	construct.AcceptFinding(node, "AwsSolutions-SF1", "Step Functions keeps the history of executions, and a log of it would contain the callers' events")
	construct.AcceptFinding(node, "AwsSolutions-SF2", "xray=true traces the function's part of an item, which is nearly all of it")
	return &FanOut{Construct: node, ARN: machine.Ref()}, nil
}

// newFanOutRole makes the role. Only this state machine may assume it.
// https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
// https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html
func newFanOutRole(scope constructs.Construct, id string, props FanOutProps, name, arn *string) awsiam.IRole {
	stack := awscdk.Stack_Of(scope)
	execution := stack.FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("states"), Resource: jsii.String("execution"), ResourceName: name, ArnFormat: awscdk.ArnFormat_COLON_RESOURCE_NAME,
	})
	const anyRun = "a run and an item have any name"
	const anyExecution = "each item has an execution with a name that AWS chooses"
	conditions := construct.SourceAccount(stack)
	conditions["ArnLike"] = map[string]any{"aws:SourceArn": *arn + "*"} // the map's own state machine is ‹name›/Items
	return construct.NewRole(scope, id, construct.RoleProps{
		Description: "Invokes the function of " + props.Stack + " once for each item of a run",
		Principal:   awsiam.NewPrincipalWithConditions(construct.ServicePrincipal("states"), &conditions),
		PolicyName:  "FanOut",
		Permissions: []construct.Permission{
			construct.Allow(props.Alias.FunctionArn(), "lambda:InvokeFunction"),
			construct.AllowWildcard(anyRun, props.Bucket.ArnForObjects(jsii.String(config.RunsPrefix+"*")), "s3:GetObject"),
			construct.AllowWildcard(anyRun, props.Bucket.ArnForObjects(jsii.String(config.RunsPrefix+"*/done/*")), "s3:PutObject"),
			construct.Allow(arn, "states:StartExecution"),
			construct.AllowWildcard(anyExecution, jsii.String(*execution+":*"), "states:DescribeExecution", "states:StopExecution"),
			construct.AllowWildcard(anyExecution, jsii.String(*execution+"/*"), "states:DescribeExecution", "states:StopExecution"),
		},
	})
}

// FailureAlarm returns the properties of an alarm that fires when a run fails.
// https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
func (f *FanOut) FailureAlarm() construct.AlarmProps {
	return construct.AlarmProps{
		Description: "A run of fan_out failed: more items failed than it tolerates, or it could not read them. " +
			"defog eval --report ‹run› prints the errors, and --resume ‹run› evaluates what is not done.",
		Metric: awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
			Namespace: jsii.String("AWS/States"), MetricName: jsii.String("ExecutionsFailed"),
			DimensionsMap: &map[string]*string{"StateMachineArn": f.ARN},
			Statistic:     jsii.String("Sum"), Period: awscdk.Duration_Minutes(jsii.Number(construct.MetricMinutes)),
		}),
		Threshold: construct.Once,
		Evaluated: 1,
	}
}
