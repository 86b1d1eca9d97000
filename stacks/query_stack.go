// Package stacks says what AWS gets: one construct or stack a file, made from
// checked settings.
package stacks

import (
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
)

// NewQueryStack makes the stack that answers questions: the function, its role
// and logs, its dependencies, the HTTP API and what watches them. Its outputs
// hold the API's URL and the commands that ask a question.
func NewQueryStack(scope constructs.Construct, id string, inputs *Inputs) (awscdk.Stack, error) {
	conf := inputs.Config
	stack := awscdk.NewStack(scope, jsii.String(id), &awscdk.StackProps{
		StackName:             jsii.String(id), // in a pipeline, too
		Description:           jsii.Sprintf("Answers questions on a %s database with generated SQL", conf.Connection.DBType),
		TerminationProtection: jsii.Bool(conf.TerminationProtection),
		Env:                   lookupEnvironment(inputs),
		Tags:                  texts(conf.Tags),
	})
	function, err := NewQueryFunction(stack, "Query", inputs)
	if err != nil {
		return nil, err
	}
	api := NewQueryAPI(stack, "Api", QueryAPIProps{Config: conf, Function: function.Alias, Route: queryRoute(conf)})

	if function.Release != nil {
		watchRequests(stack, function.Release, api.Stage)
	}
	NewOperations(stack, "Operations", OperationsProps{
		Config: conf, Function: function.Function, Logs: function.Function.LogGroup(), API: api, Local: inputs.Local, Errors: function.Errors,
	})

	if inputs.Smoke != nil {
		newSmokeRole(stack, *inputs.Smoke, &api.Invoke)
	}

	output(stack, "QueryUrl", "Where to send questions: POST with a JSON body", api.URL)
	if api.DNSTarget != "" {
		output(stack, "DnsTarget", "Where the custom domain's name must lead: give it a CNAME or alias record", api.DNSTarget)
	}
	output(stack, "ApiAuth", "Who may ask", conf.APIAuth)
	output(stack, "FunctionName", "The function, for defog describe, logs and doctor", *function.Function.FunctionName())
	output(stack, "AskCommand", "Asks a question from this checkout", askCommand(conf))
	output(stack, "CurlCommand", "Asks a question from anywhere", curlCommand(stack, conf, api.URL))

	tag(stack, conf.Tags)
	warn(stack, conf)
	return stack, nil
}

func output(stack awscdk.Stack, id, description, value string) {
	awscdk.NewCfnOutput(stack, jsii.String(id), &awscdk.CfnOutputProps{
		Description: jsii.String(description),
		Value:       jsii.String(value),
	})
}

func askCommand(conf config.Config) string {
	return fmt.Sprintf(`go run ./cmd/defog ask -c app_name=%s -c stage=%s "How many customers are there?"`, conf.AppName, conf.Stage)
}

func curlCommand(stack awscdk.Stack, conf config.Config, url string) string {
	command := append(curl(stack, conf), `-H "content-type: application/json"`, `-d '{"question": "How many customers are there?"}'`, url)
	return strings.Join(command, " ")
}

// curl is the program with what makes the API let its request in.
func curl(stack awscdk.Stack, conf config.Config) []string {
	command := []string{"curl"}
	switch conf.APIAuth {
	case "iam":
		command = append(command,
			fmt.Sprintf(`--aws-sigv4 "aws:amz:%s:execute-api"`, *stack.Region()),
			`--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"`,
			`-H "x-amz-security-token: $AWS_SESSION_TOKEN"`)
	case "jwt":
		command = append(command, `-H "authorization: Bearer $TOKEN"`)
	}
	return command
}

// warn says at synth what a reviewer should know. Each warning can be
// acknowledged by its id, as CDK warnings are.
func warn(stack awscdk.Stack, conf config.Config) {
	annotations := awscdk.Annotations_Of(stack)
	if conf.CredentialsSecret == "" {
		annotations.AddWarningV2(jsii.String("defog:credentials-in-template"), jsii.String(
			"The database's credentials stand in the template as base64: whoever may read the stack or the function can read them, "+
				"and cdk diff prints them, old and new. To review a change without them, use npm run diff; "+
				"to keep them in Secrets Manager, set credentials_secret."))
	}
	warnOpenAPI(stack, conf, "anybody who knows the URL can ask questions of the database. ")
	if watched(conf) && conf.LogLevel != "DEBUG" && conf.LogLevel != "INFO" {
		annotations.AddWarningV2(jsii.String("defog:metrics-not-logged"), jsii.String(
			"The metrics of a question that went well are logged at the level INFO, which log_level leaves out: "+
				"alarms and dashboard see nothing but failures. To see all, set log_level to INFO."))
	}
}

// warnOpenAPI says what an API without authorisation means.
func warnOpenAPI(stack awscdk.Stack, conf config.Config, consequence string) {
	if conf.APIAuth == "none" {
		awscdk.Annotations_Of(stack).AddWarningV2(jsii.String("defog:open-api"), jsii.String(
			"api_auth is none: "+consequence+"To ask for a signature, set api_auth to iam."))
	}
}
