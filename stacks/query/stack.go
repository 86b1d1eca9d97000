package query

import (
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/stacks/artifact"
	"defog-cdk/stacks/construct"
)

// StackProps are the properties of the query stack.
type StackProps struct {
	AppName, Stage        string // in the command that asks a question
	Function              FunctionProps
	API                   construct.APISettings
	Page                  *PageProps // nil for none
	MCP                   bool       // serve the Model Context Protocol
	SchemaCheck           bool       // compare the generator's files with the database once a day
	AlarmEmail            string     // "" for neither alarms nor a dashboard
	Priced                bool       // the language model's prices are known
	DriftCheck            string     // "daily", or "off"
	DailyCost             float64    // of the language model, in USD, from which an alarm fires; 0 for none
	PrivilegedLogin       bool       // the function accepts a superuser's login
	TerminationProtection bool
	Tags                  map[string]string

	// Smoke is the role of a pipeline's smoke test; nil for none.
	Smoke *construct.SmokeRoleProps
}

// StackPropsOf returns the properties for a stage's artifacts.
func StackPropsOf(stage *artifact.Stage) StackProps {
	conf := stage.Config
	props := StackProps{
		AppName: conf.AppName, Stage: conf.Stage,
		Function: FunctionProps{
			Stack: conf.StackName(), Database: conf.Connection.DBType, Artifacts: stage.Query,
			Settings: construct.FunctionSettingsOf(conf.Settings), Role: construct.RoleSettingsOf(conf.Settings, stage.Policies),
			Logs: construct.LogSettingsOf(conf.Settings), StorageMB: conf.EphemeralStorage, Canary: conf.Canary,
			ExistingNetwork: construct.NetworkSettingsOf(conf.Settings), Environment: stage.Environment,
			SecretName: conf.CredentialsSecret, DatabaseUserARN: conf.DatabaseUserARN, ResultsBucket: conf.ResultsBucket,
		},
		API: construct.APISettingsOf(conf.Settings), MCP: conf.MCP, SchemaCheck: conf.SchemaCheck == "daily", AlarmEmail: conf.AlarmEmail, DriftCheck: conf.DriftCheck,
		Priced: conf.ModelPrice() != nil, DailyCost: conf.DailyCostAlarm, PrivilegedLogin: conf.AllowPrivilegedLogin,
		TerminationProtection: conf.TerminationProtection, Tags: conf.Tags,
	}
	if conf.AsyncQuestions {
		props.Function.LongQuestions = &LongQuestionsProps{
			Concurrency: conf.AsyncConcurrency, PointInTimeRecovery: conf.AsyncRecovery, TimeoutSeconds: conf.Timeout, Retain: conf.Retain(),
		}
	}
	if conf.History {
		props.Function.History = &HistoryProps{ExpirationDays: conf.HistoryExpiration, Retain: conf.Retain()}
	}
	if conf.Generator == "bedrock" {
		props.Function.Model = Model{ID: conf.GeneratorModel, Region: conf.GeneratorRegion}
	}
	if code := stage.Query.Page; code != nil {
		props.Page = &PageProps{
			Stack: conf.StackName(), Code: code, Architecture: conf.Architecture, LogLevel: conf.LogLevel, Logs: construct.LogSettingsOf(conf.Settings),
		}
	}
	return props
}

// integration is the construct id of the API's integration with the function.
const integration = "Query"

// NewStack makes the stack that answers questions: function, HTTP API, alarms and
// dashboard. Its outputs contain the API's URL and commands that ask a question.
func NewStack(scope constructs.Construct, id string, props StackProps) (awscdk.Stack, error) {
	stack := awscdk.NewStack(scope, jsii.String(id), &awscdk.StackProps{
		StackName:             jsii.String(id), // in a pipeline, too
		Description:           jsii.Sprintf("Answers questions on a %s database with generated SQL", props.Function.Database),
		TerminationProtection: jsii.Bool(props.TerminationProtection),
		Env:                   props.Function.ExistingNetwork.Environment(props.Function.Environment),
		Tags:                  construct.Texts(props.Tags),
	})
	function, err := NewFunction(stack, "Query", props.Function)
	if err != nil {
		return nil, err
	}
	routes := []construct.Route{{
		Path: "/", Methods: []awsapigatewayv2.HttpMethod{awsapigatewayv2.HttpMethod_POST},
		Function: function.Release.Alias, Integration: integration,
	}}
	if props.Function.LongQuestions != nil {
		routes = append(routes, answersRoute(function.Release.Alias))
	}
	if props.Function.History != nil {
		routes = append(routes, feedbackRoute(function.Release.Alias))
	}
	if props.MCP {
		routes = append(routes, props.mcpRoutes(function.Release.Alias)...)
	}
	if props.Page != nil {
		page, err := NewPage(stack, "Page", *props.Page)
		if err != nil {
			return nil, err
		}
		routes = append(routes, page.Routes()...)
	}
	api := construct.NewAPI(stack, "Api", construct.APIProps{
		APISettings: props.API, Stack: id, Description: "Questions for " + id, Routes: routes,
	})
	function.Release.WatchRequests(stack, construct.ReleaseAlarmID, api.Stage)
	var check *SchemaCheck
	if props.SchemaCheck {
		check = NewSchemaCheck(stack, "SchemaCheck", SchemaCheckProps{Stack: id, Alias: function.Release.Alias})
	}
	topic := NewOperations(stack, "Operations", OperationsProps{
		Stack: id, Function: function, API: api, AlarmEmail: props.AlarmEmail, SchemaCheck: check,
		MemoryMB: props.Function.Settings.MemoryMB, TimeoutSeconds: props.Function.Settings.TimeoutSeconds,
		Priced: props.Priced, DailyCost: props.DailyCost,
	})
	if props.Smoke != nil {
		smoke := *props.Smoke
		smoke.InvokeARN = api.InvokeARN
		construct.NewSmokeRole(stack, construct.SmokeRoleID, smoke)
	}
	props.addOutputs(stack, function, api)
	construct.NewDriftCheck(stack, construct.DriftCheckID, construct.DriftCheckProps{
		Schedule: props.DriftCheck, AppName: props.AppName, Stage: props.Stage, StackName: id, KeyARN: props.Function.Settings.KMSKeyARN, Topic: topic,
	})
	construct.Tag(stack, props.Tags)
	construct.DropRoleDependencies(stack)
	props.warn(stack)
	return stack, nil
}

func (p StackProps) addOutputs(stack awscdk.Stack, function *Function, api *construct.API) {
	construct.Output(stack, "QueryUrl", "Endpoint for questions: POST with a JSON body", api.URL)
	if p.MCP {
		construct.Output(stack, "McpUrl", "Endpoint for clients of the Model Context Protocol", api.URL+strings.TrimPrefix(mcpPath, "/"))
	}
	if api.AliasTarget != "" {
		construct.Output(stack, "DnsTarget", construct.AliasTargetDescription, api.AliasTarget)
	}
	if p.Page != nil {
		construct.Output(stack, "PageUrl", "Page for questions in a browser", api.URL)
	}
	construct.Output(stack, "ApiAuth", "Caller authorization", p.API.Auth)
	construct.Output(stack, "FunctionName", "Function, for defog describe, logs and doctor", *function.Function.FunctionName())
	if long := function.LongQuestions; long != nil {
		construct.Output(stack, "LongQuestions", "Dead-letter queue of long questions, which the API accepts", *long.DeadLetters.Queue.QueueUrl())
	}
	if history := function.History; history != nil {
		construct.Output(stack, "HistoryBucket", "Bucket with history and feedback", *history.bucket.BucketName())
	}
	construct.Output(stack, "AskCommand", "Asks a question from this checkout",
		fmt.Sprintf(`go run ./cmd/defog ask -c app_name=%s -c stage=%s "How many customers are there?"`, p.AppName, p.Stage))
	curl := append(construct.Curl(stack, p.API.Auth), `-H "content-type: application/json"`, `-d '{"question": "How many customers are there?"}'`, api.URL)
	construct.Output(stack, "CurlCommand", "Asks a question from any machine", strings.Join(curl, " "))
	construct.OutputVersion(stack)
}

// warn adds warnings for a reviewer.
func (p StackProps) warn(stack awscdk.Stack) {
	conn := p.Function.Artifacts.Connection
	if conn != nil && len(conn.Secrets()) > 0 {
		construct.Warn(stack, "credentials-in-template", "The template contains the database's credentials as base64. "+
			"Every user who can read the stack or the function can read them, and cdk diff prints the old and the new ones. "+
			"To review a change without them, use npm run diff; to keep them in Secrets Manager, set credentials_secret.")
	}
	if conn != nil {
		if err := conn.CheckSQLite(); err != nil {
			construct.Warn(stack, "sqlite-path", "connection_file: "+err.Error()+".")
		}
	}
	if p.PrivilegedLogin {
		construct.Warn(stack, "privileged-login", "The function accepts a database user with a superuser's powers (allow_privileged_login). "+
			"A read-only transaction limits neither files of the server nor programs on it; the function's guard alone does. "+
			"To remove the warning, use a user that only reads: defog doctor prints the statements that create one.")
	}
	if role := p.Function.Role; p.Function.LongQuestions != nil && (role.ExistingARN != "" || role.OmitGeneratedPolicy) {
		construct.Warn(stack, "long-questions", "The function's role has only your permissions. Long questions need dynamodb:GetItem, PutItem and UpdateItem on their table, "+
			"sqs:SendMessage, ReceiveMessage, DeleteMessage and GetQueueAttributes on their queue, and s3:GetObject and PutObject on their bucket. "+
			"Lambda reads no queue without them. Allow that in the policies of iam_role_arn or in iam_policy_file.")
	}
	if role := p.Function.Role; p.Function.History != nil && (role.ExistingARN != "" || role.OmitGeneratedPolicy) {
		construct.Warn(stack, "history", "The function's role has only your permissions. History needs s3:GetObject and PutObject on history/* "+
			"and s3:PutObject on feedback/* in its bucket. Allow that in the policies of iam_role_arn or in iam_policy_file.")
	}
	construct.WarnOpenAPI(stack, p.API.Auth, "every client that has the URL can ask questions of the database. ")
	if level := p.Function.Settings.LogLevel; p.AlarmEmail != "" && level != "DEBUG" && level != "INFO" {
		construct.Warn(stack, "metrics-not-logged", "The function logs the metrics of an answered question at the level INFO, which log_level excludes. "+
			"Alarms and dashboard then show only failures. To show all questions, set log_level to INFO.")
	}
}
