package stacks

import (
	"encoding/json"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2authorizers"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2integrations"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
)

// QueryAPIProps says which API to make.
type QueryAPIProps struct {
	Config   config.Config
	Function awslambda.IFunction
}

// QueryAPI is the HTTP API in front of the function: POST / and no other
// route, throttled, with an access log that holds no bodies.
type QueryAPI struct {
	constructs.Construct
	URL string // ends in a slash
}

// NewQueryAPI makes the API.
func NewQueryAPI(scope constructs.Construct, id string, props QueryAPIProps) *QueryAPI {
	this := constructs.NewConstruct(scope, jsii.String(id))
	api := awsapigatewayv2.NewHttpApi(this, jsii.String("Api"), &awsapigatewayv2.HttpApiProps{
		ApiName:            jsii.String(props.Config.StackName()),
		Description:        jsii.Sprintf("Questions for %s", props.Config.StackName()),
		CreateDefaultStage: jsii.Bool(false), // it would be neither throttled nor logged
	})
	var authorizer awsapigatewayv2.IHttpRouteAuthorizer = awsapigatewayv2authorizers.NewHttpIamAuthorizer()
	if props.Config.APIAuth == "none" {
		authorizer = awsapigatewayv2.NewHttpNoneAuthorizer()
	}
	routes := api.AddRoutes(&awsapigatewayv2.AddRoutesOptions{
		Path:        jsii.String("/"),
		Methods:     &[]awsapigatewayv2.HttpMethod{awsapigatewayv2.HttpMethod_POST},
		Authorizer:  authorizer,
		Integration: awsapigatewayv2integrations.NewHttpLambdaIntegration(jsii.String("Query"), props.Function, nil),
	})

	if props.Config.APIAuth == "none" {
		acceptFinding((*routes)[0], "AwsSolutions-APIG4", "api_auth=none: the operator chose an open API, and synth warns of it")
	}

	stage := awsapigatewayv2.NewHttpStage(this, jsii.String("Stage"), &awsapigatewayv2.HttpStageProps{
		HttpApi:    api,
		StageName:  jsii.String("$default"),
		AutoDeploy: jsii.Bool(true),
		Throttle: &awsapigatewayv2.ThrottleSettings{
			RateLimit:  jsii.Number(props.Config.ThrottleRate),
			BurstLimit: jsii.Number(props.Config.ThrottleBurst),
		},
	})
	logs := newLogGroup(this, "AccessLogs", props.Config)
	var resource awsapigatewayv2.CfnStage
	jsii.UnsafeCast(stage.Node().DefaultChild(), &resource)
	resource.SetAccessLogSettings(&awsapigatewayv2.CfnStage_AccessLogSettingsProperty{
		DestinationArn: logs.LogGroupArn(),
		Format:         jsii.String(accessLogFormat()),
	})
	return &QueryAPI{Construct: this, URL: *stage.Url()}
}

// accessLogFormat is one JSON object per request with who, when, how it ended
// and how long it took.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
func accessLogFormat() string {
	format, err := json.Marshal(map[string]string{
		"requestId":        "$context.requestId",
		"requestTime":      "$context.requestTime",
		"ip":               "$context.identity.sourceIp",
		"caller":           "$context.identity.caller",
		"userAgent":        "$context.identity.userAgent",
		"route":            "$context.routeKey",
		"protocol":         "$context.protocol",
		"status":           "$context.status",
		"responseLength":   "$context.responseLength",
		"latency":          "$context.responseLatency",
		"functionLatency":  "$context.integrationLatency",
		"functionStatus":   "$context.integrationStatus",
		"functionError":    "$context.integrationErrorMessage",
		"authorizerError":  "$context.authorizer.error",
		"gatewayErrorType": "$context.error.responseType",
	})
	if err != nil {
		panic(err) // a map of strings is always JSON
	}
	return string(format)
}
