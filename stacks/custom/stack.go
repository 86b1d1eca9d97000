package custom

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
	"defog-cdk/stacks/artifact"
	"defog-cdk/stacks/construct"
)

// StackProps are the properties of the stack of a custom function.
type StackProps struct {
	AppName, Stage        string // in the command that evaluates a file
	Function              FunctionProps
	Triggers              []string // eval, S3 and APIGateway, or some of them
	API                   construct.APISettings
	APIPath               string // without a slash in front
	AlarmEmail            string // "" for no alarms
	DriftCheck            string // "daily", or "off"
	Budget                construct.BudgetSettings
	UnsafeEval            bool // callers may run code in the function
	TerminationProtection bool
	Tags                  map[string]string
}

// StackPropsOf returns the properties for a stage's artifacts.
func StackPropsOf(stage *artifact.Stage) StackProps {
	conf := stage.Config
	return StackProps{
		AppName: conf.AppName, Stage: conf.Stage, Function: FunctionPropsOf(stage), Triggers: conf.Triggers,
		API: construct.APISettingsOf(conf.Settings), APIPath: conf.APIEndpoint, AlarmEmail: conf.AlarmEmail, DriftCheck: conf.DriftCheck,
		Budget: construct.BudgetSettingsOf(conf.Settings), UnsafeEval: conf.AllowUnsafeEval,
		TerminationProtection: conf.TerminationProtection, Tags: conf.Tags,
	}
}

// NewStack makes the stack: function, triggers, alarms and budget. Its outputs
// contain names, locations and commands that call the function.
func NewStack(scope constructs.Construct, id string, props StackProps) (awscdk.Stack, error) {
	stack := awscdk.NewStack(scope, jsii.String(id), &awscdk.StackProps{
		StackName:             jsii.String(id), // in a pipeline, too
		Description:           jsii.Sprintf("Custom function in %s", props.Function.Runtime),
		TerminationProtection: jsii.Bool(props.TerminationProtection),
		Env:                   props.Function.ExistingNetwork.Environment(props.Function.Environment),
		Tags:                  construct.Texts(props.Tags),
	})
	function, err := NewFunction(stack, FunctionID, props.Function)
	if err != nil {
		return nil, err
	}
	var api *construct.API
	if props.triggeredBy("APIGateway") {
		api = construct.NewAPI(stack, "Api", props.apiProps(id, function))
		function.Release.WatchRequests(stack, construct.ReleaseAlarmID, api.Stage)
	}
	topic := NewOperations(stack, "Operations", OperationsProps{
		Stack: id, Function: function, API: api, AlarmEmail: props.AlarmEmail, TimeoutSeconds: props.Function.Settings.TimeoutSeconds,
	})
	construct.NewBudget(stack, construct.BudgetID, construct.BudgetProps{
		BudgetSettings: props.Budget, Stack: id, Function: function.Function, Logs: props.Function.Logs,
	})
	props.addOutputs(stack, function, api)
	construct.NewDriftCheck(stack, construct.DriftCheckID, construct.DriftCheckProps{
		Schedule: props.DriftCheck, AppName: props.AppName, Stage: props.Stage, StackName: id, KeyARN: props.Function.Settings.KMSKeyARN, Topic: topic,
	})
	construct.Tag(stack, props.Tags)
	construct.DropRoleDependencies(stack)
	props.warn(stack)
	return stack, nil
}

func (p StackProps) triggeredBy(trigger string) bool { return slices.Contains(p.Triggers, trigger) }

// apiProps returns the properties of the API: one path and all below it, any method.
// With CORS the methods are named, for a route of any method also receives the
// browser's unsigned OPTIONS requests and rejects them. A path may not end in a slash,
// as requests of PODPAC's notebooks do, so the second route accepts them. The event has the format of a REST
// API, which PODPAC's handlers require. An HTTP API detects binary bodies and
// passes them as base64.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
func (p StackProps) apiProps(stack string, function *Function) construct.APIProps {
	methods := []awsapigatewayv2.HttpMethod{awsapigatewayv2.HttpMethod_ANY}
	if len(p.API.CORSOrigins) > 0 {
		methods = []awsapigatewayv2.HttpMethod{
			awsapigatewayv2.HttpMethod_DELETE, awsapigatewayv2.HttpMethod_GET, awsapigatewayv2.HttpMethod_HEAD,
			awsapigatewayv2.HttpMethod_PATCH, awsapigatewayv2.HttpMethod_POST, awsapigatewayv2.HttpMethod_PUT,
		}
	}
	route := construct.Route{
		Path: "/" + p.APIPath, Methods: methods, Function: function.Release.Alias, Integration: FunctionID,
		Payload: awsapigatewayv2.PayloadFormatVersion_VERSION_1_0(),
	}
	below := route
	below.Path += "/{proxy+}"
	return construct.APIProps{
		APISettings: p.API, Stack: stack, Description: "The function of " + stack, Routes: []construct.Route{route, below},
	}
}

func (p StackProps) addOutputs(stack awscdk.Stack, function *Function, api *construct.API) {
	name := *function.Function.FunctionName()
	construct.Output(stack, "FunctionName", "Function", name)
	construct.Output(stack, "FunctionAlias", "Alias of the version to call", construct.LiveAlias)
	construct.Output(stack, "FunctionRuntime", "Runtime", p.Function.Runtime)
	construct.Output(stack, "FunctionTriggers", "Triggers", strings.Join(p.Triggers, ","))
	construct.Output(stack, "LogGroupName", "Log group", *function.Function.LogGroup().LogGroupName())
	construct.Output(stack, "DeadLetterQueueUrl", "Dead-letter queue of failed events", *function.DeadLetters.Queue.QueueUrl())
	if dependencies := function.Dependencies; dependencies != nil {
		construct.Output(stack, "Dependencies", "Dependencies", "s3://"+dependencies.Bucket+"/"+dependencies.Key)
	}
	if function.Bucket != nil {
		construct.Output(stack, "BucketName", "Bucket", *function.Bucket.BucketName())
		if p.Function.Trigger {
			construct.Output(stack, "InputPrefix", "Prefix of the objects that trigger the function", p.Function.Bucket.InputPrefix)
		}
		construct.Output(stack, "OutputPrefix", "Prefix of the results", p.Function.Bucket.OutputPrefix)
	}
	if function.FanOut != nil {
		construct.Output(stack, "FanOutArn", "State machine that invokes the function once for each item of a file", *function.FanOut.ARN)
	}
	if api != nil {
		url := api.URL + p.APIPath
		construct.Output(stack, "EvalUrl", "Endpoint for requests", url)
		construct.Output(stack, "ApiAuth", "Caller authorization", p.API.Auth)
		if api.AliasTarget != "" {
			construct.Output(stack, "DnsTarget", construct.AliasTargetDescription, api.AliasTarget)
		}
		construct.Output(stack, "CurlCommand", "Sends a request from any machine", strings.Join(append(construct.Curl(stack, p.API.Auth), `"`+url+`"`), " "))
	}
	construct.Output(stack, "PodpacSettings", "Settings of PODPAC's client. Never call its build() or delete() with them", p.podpacSettings(stack, function))
	construct.Output(stack, "EvalCommand", "Evaluates the content of a file, from this checkout",
		fmt.Sprintf("go run ./cmd/defog eval -c app_name=%s -c stage=%s FILE.json", p.AppName, p.Stage))
	construct.Output(stack, "InvokeCommand", "Calls the function from any machine",
		fmt.Sprintf("aws lambda invoke --function-name %s:%s --cli-binary-format raw-in-base64-out --payload file://FILE.json RESULT", name, construct.LiveAlias))
	construct.OutputVersion(stack)
}

// warn adds warnings for a reviewer.
func (p StackProps) warn(stack awscdk.Stack) {
	function, artifacts := p.Function, p.Function.Artifacts
	if p.triggeredBy("APIGateway") {
		construct.WarnOpenAPI(stack, p.API.Auth, "every client that has the URL can run the function, at your cost. ")
		if timeout := function.Settings.TimeoutSeconds; timeout > config.APIWaits {
			construct.Warn(stack, "api-waits-less", fmt.Sprintf("The HTTP API waits %d s for an answer, and lambda_timeout is %d s. "+
				"A longer request ends with status 503 while the function continues. Use direct invokes (eval) or S3 for longer requests.", config.APIWaits, timeout))
		}
	}
	if len(artifacts.Unchecked) > 0 {
		construct.Warn(stack, "source-not-seen", "Synth could not read function_source_bucket, so it did not check: "+strings.Join(artifacts.Unchecked, "; "))
	}
	if function.Role.ExistingARN != "" || function.Role.OmitGeneratedPolicy {
		construct.Warn(stack, "dead-letters", fmt.Sprintf("The function's role has only your permissions. Lambda creates no function whose role lacks sqs:SendMessage on the dead-letter queue, "+
			"arn:aws:sqs:‹region›:‹account›:%s-OwnDeadLetters*. Allow that in the policies of iam_role_arn or in iam_policy_file.", function.Stack))
	}
	if p.UnsafeEval {
		text := "function_allow_unsafe_eval lets every caller run code in the function, with the permissions of its role."
		if function.DataSecret != "" {
			text += " That code can read data_credentials_secret."
		}
		construct.Warn(stack, "unsafe-eval", text)
	}
	sameBucket := function.Source.DependenciesKey != "" && function.Bucket != nil && function.Bucket.BucketName == function.Source.Bucket
	hasDependencies := artifacts.Dependencies != nil || function.Source.DependenciesKey != ""
	if hasDependencies && artifacts.Hydration == artifact.NotHydrated && function.Bucket != nil && !sameBucket {
		construct.Warn(stack, "dependencies-elsewhere", artifact.PodpacBucket+" names the function's bucket, and another bucket contains the dependencies. "+
			"A handler that fetches them itself finds the bucket in DEFOG_DEPENDENCIES_BUCKET. PODPAC's original handler reads "+artifact.PodpacBucket+
			": use one bucket (function_source_bucket, function_s3_bucket), or set function_hydrate=true.")
	}
}
