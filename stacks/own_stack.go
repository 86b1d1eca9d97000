package stacks

import (
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
)

// NewOwnStack makes the stack of a function of the user's own: the function, its
// role and logs, what triggers it, and what watches it. Its outputs hold all
// that there is to know of it, and the commands that call it.
func NewOwnStack(scope constructs.Construct, id string, inputs *Inputs) (awscdk.Stack, error) {
	conf := inputs.Config
	stack := awscdk.NewStack(scope, jsii.String(id), &awscdk.StackProps{
		StackName:             jsii.String(id), // in a pipeline, too
		Description:           jsii.Sprintf("A function of one's own, in %s", conf.Runtime),
		TerminationProtection: jsii.Bool(conf.TerminationProtection),
		Env:                   lookupEnvironment(inputs),
		Tags:                  texts(conf.Tags),
	})
	function, err := NewOwnFunction(stack, "Own", inputs)
	if err != nil {
		return nil, err
	}
	var api *QueryAPI
	if conf.TriggeredBy("APIGateway") {
		api = NewQueryAPI(stack, "Api", QueryAPIProps{Config: conf, Function: function.Alias, Route: ownRoute(conf)})
		if function.Release != nil {
			watchRequests(stack, function.Release, api.Stage)
		}
	}
	newOwnOperations(stack, inputs, function, api)
	addBudget(stack, inputs, function.Function)
	tellOwn(stack, inputs, function, api)
	tag(stack, conf.Tags)
	sayGaps(stack, inputs)
	warnOwn(stack, inputs)
	return stack, nil
}

// ownRoute is the route to a function of the user's own, for any method. Pages of
// other origins have methods that are named: a route for any method takes the
// browser's OPTIONS, too, and refuses it, for it bears no signature. Its event is
// that of a REST API, which PODPAC's handlers expect; an HTTP API knows by itself
// what is binary, and gives and takes that as base64.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
func ownRoute(conf config.Config) Route {
	methods := []awsapigatewayv2.HttpMethod{awsapigatewayv2.HttpMethod_ANY}
	if len(conf.CORSAllowOrigins) > 0 {
		methods = []awsapigatewayv2.HttpMethod{
			awsapigatewayv2.HttpMethod_DELETE, awsapigatewayv2.HttpMethod_GET, awsapigatewayv2.HttpMethod_HEAD,
			awsapigatewayv2.HttpMethod_PATCH, awsapigatewayv2.HttpMethod_POST, awsapigatewayv2.HttpMethod_PUT,
		}
	}
	return Route{
		Methods: methods,
		Path:    "/" + conf.APIEndpoint,
		Name:    "Own",
		Payload: awsapigatewayv2.PayloadFormatVersion_VERSION_1_0(),
		For:     "The function of " + conf.StackName(),
	}
}

// tellOwn makes the outputs.
func tellOwn(stack awscdk.Stack, inputs *Inputs, function *OwnFunction, api *QueryAPI) {
	conf := inputs.Config
	name := *function.Function.FunctionName()
	output(stack, "FunctionName", "The function", name)
	output(stack, "FunctionAlias", "The version of it to call", liveAlias)
	output(stack, "FunctionRuntime", "What runs it", conf.Runtime)
	output(stack, "FunctionTriggers", "What starts it", strings.Join(conf.Triggers, ","))
	output(stack, "LogGroupName", "Where it logs", *function.Function.LogGroup().LogGroupName())
	output(stack, "DeadLetterQueueUrl", "Where events go that it failed for good", *function.DeadLetters.Queue.QueueUrl())
	if function.Dependencies != "" {
		output(stack, "Dependencies", "Its dependencies", function.Dependencies)
	}
	if function.Bucket != nil {
		output(stack, "BucketName", "Its bucket", *function.Bucket.BucketName())
		output(stack, "InputPrefix", "Where objects start it", conf.InputPrefix())
		output(stack, "OutputPrefix", "Where it writes results", conf.OutputPrefix())
	}
	if api != nil {
		url := api.URL + conf.APIEndpoint
		output(stack, "EvalUrl", "Where to send requests", url)
		output(stack, "ApiAuth", "Who may send them", conf.APIAuth)
		if api.DNSTarget != "" {
			output(stack, "DnsTarget", "Where the custom domain's name must lead: give it a CNAME or alias record", api.DNSTarget)
		}
		output(stack, "CurlCommand", "Sends a request from anywhere", strings.Join(append(curl(stack, conf), `"`+url+`"`), " "))
	}
	output(stack, "EvalCommand", "Evaluates what is in a file, from this checkout",
		fmt.Sprintf("go run ./cmd/defog eval -c app_name=%s -c stage=%s FILE.json", conf.AppName, conf.Stage))
	output(stack, "InvokeCommand", "Calls the function from anywhere",
		fmt.Sprintf("aws lambda invoke --function-name %s:%s --cli-binary-format raw-in-base64-out --payload file://FILE.json RESULT", name, liveAlias))
}

// sayGaps says what local AWS does otherwise with the function.
func sayGaps(stack awscdk.Stack, inputs *Inputs) {
	conf, before := inputs.Config, inputs.Own.front
	deadLettersGap.leftOut(stack, inputs.Local)
	if conf.TriggeredBy("APIGateway") {
		payloadGap.leftOut(stack, inputs.Local)
	}
	if !inputs.Local || !conf.Hydrate || !conf.HasDependencies() {
		return
	}
	if before == noFront {
		hydrateGap.leftOut(stack, true)
		return
	}
	linksGap.leftOut(stack, true)
	if conf.Runtime != config.ProvidedRuntime {
		awscdk.Annotations_Of(stack).AddInfoV2(jsii.String("defog:otherwise-on-local-aws"), jsii.Sprintf(
			"Local AWS has no %s: the function runs on provided.al2023, where hydrate starts this machine's python3 with Lambda's runtime client.", conf.Runtime))
	}
}

// warnOwn says at synth what a reviewer should know.
func warnOwn(stack awscdk.Stack, inputs *Inputs) {
	conf, own := inputs.Config, inputs.Own
	annotations := awscdk.Annotations_Of(stack)
	warn := func(id, text string) { annotations.AddWarningV2(jsii.String("defog:"+id), jsii.String(text)) }
	if conf.TriggeredBy("APIGateway") {
		warnOpenAPI(stack, conf, "anybody who knows the URL can have the function work, at your cost. ")
		if conf.Timeout > config.APIWaits {
			warn("api-waits-less", fmt.Sprintf("The HTTP API waits %d s for an answer, and lambda_timeout is %d s: a request that takes longer ends with status 503 while the function goes on. "+
				"What takes longer must be asked for by direct invoke (eval) or through S3.", config.APIWaits, conf.Timeout))
		}
	}
	if len(own.Unseen) > 0 {
		warn("source-not-seen", "Synth could not look into function_source_bucket, so it has not been checked: "+strings.Join(own.Unseen, "; "))
	}
	if !conf.ManageIAMRole || !conf.AutogenPolicy {
		warn("dead-letters", fmt.Sprintf("The function's role allows what you say alone. Lambda makes no function whose role lacks sqs:SendMessage on the dead-letter queue, "+
			"arn:aws:sqs:‹region›:‹account›:%s-OwnDeadLetters*: allow that in iam_role_arn's policies or iam_policy_file.", conf.StackName()))
	}
	if conf.AllowUnsafeEval {
		warn("unsafe-eval", "function_allow_unsafe_eval lets whoever may call the function run code of theirs in it, with the rights of its role.")
	}
	inOne := conf.DependenciesKey != "" && conf.Bucket == conf.SourceBucket
	if !conf.Hydrate && conf.TriggeredBy("S3") && conf.HasDependencies() && !inOne {
		warn("dependencies-elsewhere", podpacBucket+" names the bucket of the trigger S3, and the dependencies are in another one. A handler that fetches them itself finds it in "+
			"DEFOG_DEPENDENCIES_BUCKET; PODPAC's original one looks in "+podpacBucket+": keep them in one bucket (function_source_bucket, function_s3_bucket), or leave function_hydrate on.")
	}
}
