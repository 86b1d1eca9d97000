package stacks

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2authorizers"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2integrations"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
)

// defaultStage is the stage that no URL shows.
const defaultStage = "$default"

// QueryAPIProps says which API to make.
type QueryAPIProps struct {
	Config   config.Config
	Function awslambda.IFunction
	Route    Route
}

// Route is what an API takes: one path, by one or more methods.
type Route struct {
	Methods []awsapigatewayv2.HttpMethod
	Path    string
	Name    string                               // of the integration
	Payload awsapigatewayv2.PayloadFormatVersion // of the event; nil for the newest
	For     string                               // for whom the API is: "Questions for defog-dev"
}

// queryRoute is that of the query function.
func queryRoute(conf config.Config) Route {
	return Route{Methods: []awsapigatewayv2.HttpMethod{awsapigatewayv2.HttpMethod_POST}, Path: "/", Name: "Query", For: "Questions for " + conf.StackName()}
}

// QueryAPI is the HTTP API in front of the function: one path, throttled, with an
// access log that holds no bodies.
type QueryAPI struct {
	constructs.Construct
	Stage      awsapigatewayv2.HttpStage
	AccessLogs awslogs.ILogGroup
	URL        string // ends in a slash
	Invoke     string // the ARN of the first route, for execute-api:Invoke

	// DNSTarget is what the custom domain's name must lead to. It is empty
	// without a domain, and when the stack makes the records.
	DNSTarget string
}

// NewQueryAPI makes the API.
func NewQueryAPI(scope constructs.Construct, id string, props QueryAPIProps) *QueryAPI {
	conf := props.Config
	this := constructs.NewConstruct(scope, jsii.String(id))
	api := awsapigatewayv2.NewHttpApi(this, jsii.String("Api"), &awsapigatewayv2.HttpApiProps{
		ApiName:                   jsii.String(cmp.Or(conf.APIName, conf.StackName())),
		Description:               jsii.String(cmp.Or(conf.APIDescription, props.Route.For)),
		CorsPreflight:             corsPreflight(conf, props.Route.Methods),
		DisableExecuteApiEndpoint: jsii.Bool(conf.Domain != nil),
		CreateDefaultStage:        jsii.Bool(false), // it would be neither throttled nor logged
	})
	if conf.APIVersion != "" {
		var resource awsapigatewayv2.CfnApi
		jsii.UnsafeCast(api.Node().DefaultChild(), &resource)
		resource.SetVersion(jsii.String(conf.APIVersion))
	}
	addRoute(api, props)

	logs := newVendedLogGroup(this, "AccessLogs", conf)
	stage := newStage(this, conf, api, logs)
	queryAPI := &QueryAPI{Construct: this, Stage: stage, AccessLogs: logs, URL: strings.TrimSuffix(*stage.Url(), "/") + "/"}
	queryAPI.Invoke = *api.ArnForExecuteApi(jsii.String(string(props.Route.Methods[0])), jsii.String(props.Route.Path), stage.StageName())
	if conf.Domain != nil {
		domain := NewDomain(this, "Domain", DomainProps{Domain: *conf.Domain, API: api, Stage: stage})
		queryAPI.URL, queryAPI.DNSTarget = domain.URL, domain.Target
	}
	tag(this, conf.APITags)
	return queryAPI
}

func addRoute(api awsapigatewayv2.HttpApi, props QueryAPIProps) {
	conf, route := props.Config, props.Route
	routes := *api.AddRoutes(&awsapigatewayv2.AddRoutesOptions{
		Path:       jsii.String(route.Path),
		Methods:    &route.Methods,
		Authorizer: authorizer(conf),
		Integration: awsapigatewayv2integrations.NewHttpLambdaIntegration(jsii.String(route.Name), props.Function,
			&awsapigatewayv2integrations.HttpLambdaIntegrationProps{PayloadFormatVersion: route.Payload}),
	})
	if conf.APIAuth == "none" {
		for _, made := range routes {
			acceptFinding(made, "AwsSolutions-APIG4", "api_auth=none: the operator chose an open API, and synth warns of it")
		}
	}
}

func authorizer(conf config.Config) awsapigatewayv2.IHttpRouteAuthorizer {
	switch conf.APIAuth {
	case "jwt":
		return awsapigatewayv2authorizers.NewHttpJwtAuthorizer(jsii.String("Jwt"), jsii.String(conf.JWTIssuer),
			&awsapigatewayv2authorizers.HttpJwtAuthorizerProps{JwtAudience: jsii.Strings(conf.JWTAudience...)})
	case "none":
		return awsapigatewayv2.NewHttpNoneAuthorizer()
	default:
		return awsapigatewayv2authorizers.NewHttpIamAuthorizer()
	}
}

// corsPreflight lets the pages of the allowed origins call, signed or with a
// token. It is nil, and the API silent about origins, when there are none.
func corsPreflight(conf config.Config, methods []awsapigatewayv2.HttpMethod) *awsapigatewayv2.CorsPreflightOptions {
	if len(conf.CORSAllowOrigins) == 0 {
		return nil
	}
	var allowed []awsapigatewayv2.CorsHttpMethod
	for _, method := range methods {
		allowed = append(allowed, awsapigatewayv2.CorsHttpMethod(method))
	}
	return &awsapigatewayv2.CorsPreflightOptions{
		AllowOrigins:     jsii.Strings(conf.CORSAllowOrigins...),
		AllowMethods:     &allowed,
		AllowHeaders:     jsii.Strings("authorization", "content-type", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"),
		AllowCredentials: jsii.Bool(conf.CORSAllowCredentials),
		MaxAge:           awscdk.Duration_Hours(jsii.Number(1)),
	}
}

// newStage makes the stage, throttled: its limits hold for each route, that is
// for each method.
func newStage(scope constructs.Construct, conf config.Config, api awsapigatewayv2.HttpApi, logs awslogs.ILogGroup) awsapigatewayv2.HttpStage {
	stage := awsapigatewayv2.NewHttpStage(scope, jsii.String("Stage"), &awsapigatewayv2.HttpStageProps{
		HttpApi:    api,
		StageName:  jsii.String(cmp.Or(conf.APIStage, defaultStage)),
		AutoDeploy: jsii.Bool(true),
		Throttle: &awsapigatewayv2.ThrottleSettings{
			RateLimit:  jsii.Number(conf.ThrottleRate),
			BurstLimit: jsii.Number(conf.ThrottleBurst),
		},
	})
	var resource awsapigatewayv2.CfnStage
	jsii.UnsafeCast(stage.Node().DefaultChild(), &resource)
	resource.SetAccessLogSettings(&awsapigatewayv2.CfnStage_AccessLogSettingsProperty{
		DestinationArn: logs.LogGroupArn(),
		Format:         jsii.String(accessLogFormat()),
	})
	return stage
}

// tag adds tags to a construct and everything in it.
func tag(scope constructs.IConstruct, tags map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		awscdk.Tags_Of(scope).Add(jsii.String(name), jsii.String(tags[name]), nil)
	}
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
