package construct

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigateway"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2authorizers"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2integrations"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
)

// defaultStage is the stage that no URL contains.
const defaultStage = "$default"

// APISettings are the operator's settings of an HTTP API.
type APISettings struct {
	Name, Description, Version string // defaults: APIProps.Stack, APIProps.Description, none
	Tags                       map[string]string
	StageName                  string // default: $default

	Auth        string // iam, jwt or none; default: iam
	JWTIssuer   string
	JWTAudience []string

	CORSOrigins     []string // no CORS if empty
	CORSCredentials bool

	ThrottleRate, ThrottleBurst int // of each route; 0 for the account's limits

	Domain *DomainSettings // nil for none
	Logs   LogSettings     // of the access log
}

// APISettingsOf returns the API's part of the settings.
func APISettingsOf(s config.Settings) APISettings {
	return APISettings{
		Name: s.APIName, Description: s.APIDescription, Version: s.APIVersion, Tags: s.APITags, StageName: s.APIStage,
		Auth: s.APIAuth, JWTIssuer: s.JWTIssuer, JWTAudience: s.JWTAudience,
		CORSOrigins: s.CORSAllowOrigins, CORSCredentials: s.CORSAllowCredentials,
		ThrottleRate: s.ThrottleRate, ThrottleBurst: s.ThrottleBurst,
		Domain: DomainSettingsOf(s.Domain), Logs: LogSettingsOf(s),
	}
}

// APIProps are the properties of an HTTP API.
type APIProps struct {
	APISettings
	Stack       string // the stack's name
	Description string // unless the settings have one
	Routes      []Route
}

// Route passes requests for a path to a function.
type Route struct {
	Path        string
	Methods     []awsapigatewayv2.HttpMethod
	Function    awslambda.IFunction
	Integration string                               // the integration's construct id; routes with the same one share it
	Payload     awsapigatewayv2.PayloadFormatVersion // of the event; nil for the newest
	Public      string                               // why it needs no caller authorization; "" if it does
	Headers     []string                             // of requests from pages, beside those of every route
}

// API is an HTTP API that invokes functions: throttled, with an access log that
// contains no bodies.
type API struct {
	constructs.Construct
	Stage      awsapigatewayv2.HttpStage
	AccessLogs awslogs.ILogGroup
	URL        string // ends in a slash
	InvokeARN  string // of the first route, for execute-api:Invoke

	// AliasTarget is the name that the custom domain's record must point to. It
	// is empty without a domain, and when the stack makes the records.
	AliasTarget string
}

// NewAPI makes the API.
func NewAPI(scope constructs.Construct, id string, props APIProps) *API {
	node := constructs.NewConstruct(scope, jsii.String(id))
	http := awsapigatewayv2.NewHttpApi(node, jsii.String("Api"), &awsapigatewayv2.HttpApiProps{
		ApiName:                   jsii.String(cmp.Or(props.Name, props.Stack)),
		Description:               jsii.String(cmp.Or(props.APISettings.Description, props.Description)),
		CorsPreflight:             props.corsPreflight(),
		DisableExecuteApiEndpoint: jsii.Bool(props.Domain != nil),
		CreateDefaultStage:        jsii.Bool(false), // it would be neither throttled nor logged
	})
	if props.Version != "" {
		var resource awsapigatewayv2.CfnApi
		jsii.UnsafeCast(http.Node().DefaultChild(), &resource)
		resource.SetVersion(jsii.String(props.Version))
	}
	addRoutes(http, props)

	logs := newVendedLogGroup(node, "AccessLogs", props.Stack, props.Logs)
	stage := newStage(node, "Stage", http, logs, props.APISettings)
	api := &API{Construct: node, Stage: stage, AccessLogs: logs, URL: strings.TrimSuffix(*stage.Url(), "/") + "/"}
	first := props.Routes[0]
	api.InvokeARN = *http.ArnForExecuteApi(jsii.String(string(first.Methods[0])), jsii.String(first.Path), stage.StageName())
	if props.Domain != nil {
		domain := NewDomain(node, "Domain", DomainProps{DomainSettings: *props.Domain, API: http, Stage: stage})
		api.URL, api.AliasTarget = domain.URL, domain.AliasTarget
	}
	Tag(node, props.Tags)
	return api
}

func addRoutes(api awsapigatewayv2.HttpApi, props APIProps) {
	authorizer := props.authorizer()
	integrations := map[string]awsapigatewayv2.HttpRouteIntegration{}
	for _, route := range props.Routes {
		integration, ok := integrations[route.Integration]
		if !ok {
			integration = awsapigatewayv2integrations.NewHttpLambdaIntegration(jsii.String(route.Integration), route.Function,
				&awsapigatewayv2integrations.HttpLambdaIntegrationProps{PayloadFormatVersion: route.Payload})
			integrations[route.Integration] = integration
		}
		authorizer, open := authorizer, route.Public
		if props.Auth == "none" {
			open = "api_auth=none: the operator chose an open API, and synth warns about it"
		} else if open != "" {
			authorizer = awsapigatewayv2.NewHttpNoneAuthorizer()
		}
		added := *api.AddRoutes(&awsapigatewayv2.AddRoutesOptions{
			Path: jsii.String(route.Path), Methods: &route.Methods, Authorizer: authorizer, Integration: integration,
		})
		if open == "" {
			continue
		}
		for _, route := range added {
			AcceptFinding(route, "AwsSolutions-APIG4", open)
		}
	}
}

func (s APISettings) authorizer() awsapigatewayv2.IHttpRouteAuthorizer {
	switch s.Auth {
	case "jwt":
		return awsapigatewayv2authorizers.NewHttpJwtAuthorizer(jsii.String("Jwt"), jsii.String(s.JWTIssuer),
			&awsapigatewayv2authorizers.HttpJwtAuthorizerProps{JwtAudience: jsii.Strings(s.JWTAudience...)})
	case "none":
		return awsapigatewayv2.NewHttpNoneAuthorizer()
	default:
		return awsapigatewayv2authorizers.NewHttpIamAuthorizer()
	}
}

// corsPreflight lets pages of the allowed origins send requests, signed or with
// a token. It returns nil without origins.
func (p APIProps) corsPreflight() *awsapigatewayv2.CorsPreflightOptions {
	if len(p.CORSOrigins) == 0 {
		return nil
	}
	var allowed []awsapigatewayv2.CorsHttpMethod
	headers := []string{"authorization", "content-type", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"}
	for _, route := range p.Routes {
		headers = append(headers, route.Headers...)
		if route.Public != "" {
			continue // for its own origin
		}
		for _, method := range route.Methods {
			if cors := awsapigatewayv2.CorsHttpMethod(method); !slices.Contains(allowed, cors) {
				allowed = append(allowed, cors)
			}
		}
	}
	return &awsapigatewayv2.CorsPreflightOptions{
		AllowOrigins:     jsii.Strings(p.CORSOrigins...),
		AllowMethods:     &allowed,
		AllowHeaders:     jsii.Strings(headers...),
		AllowCredentials: jsii.Bool(p.CORSCredentials),
		MaxAge:           awscdk.Duration_Hours(jsii.Number(1)),
	}
}

// newStage makes the API's stage. Its limits apply to each route, that is to each
// method.
func newStage(scope constructs.Construct, id string, api awsapigatewayv2.HttpApi, logs awslogs.ILogGroup, settings APISettings) awsapigatewayv2.HttpStage {
	props := &awsapigatewayv2.HttpStageProps{
		HttpApi:           api,
		StageName:         jsii.String(cmp.Or(settings.StageName, defaultStage)),
		AutoDeploy:        jsii.Bool(true),
		AccessLogSettings: newAccessLog(logs, settings.Auth),
	}
	if settings.ThrottleRate > 0 || settings.ThrottleBurst > 0 {
		props.Throttle = &awsapigatewayv2.ThrottleSettings{RateLimit: number(settings.ThrottleRate), BurstLimit: number(settings.ThrottleBurst)}
	}
	return awsapigatewayv2.NewHttpStage(scope, jsii.String(id), props)
}

// accessLog implements IAccessLogSettings: the CDK has no struct for it in Go.
type accessLog struct {
	destination awsapigatewayv2.IAccessLogDestination
	format      awsapigateway.AccessLogFormat
}

// Destination implements awsapigatewayv2.IAccessLogSettings.
func (a *accessLog) Destination() awsapigatewayv2.IAccessLogDestination { return a.destination }

// Format implements awsapigatewayv2.IAccessLogSettings.
func (a *accessLog) Format() awsapigateway.AccessLogFormat { return a.format }

// newAccessLog logs one JSON object a request: caller, time, status and duration.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
func newAccessLog(logs awslogs.ILogGroup, auth string) awsapigatewayv2.IAccessLogSettings {
	fields := map[string]string{
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
	}
	if auth == "jwt" {
		fields["subject"] = "$context.authorizer.claims.sub"
	}
	format, err := json.Marshal(fields)
	if err != nil {
		panic(err) // a map of texts is always JSON
	}
	return &accessLog{awsapigatewayv2.NewLogGroupLogDestination(logs), awsapigateway.AccessLogFormat_Custom(jsii.String(string(format)))}
}

// Curl returns the curl command with the options that authorize its request.
func Curl(stack awscdk.Stack, auth string) []string {
	command := []string{"curl"}
	switch auth {
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

// WarnOpenAPI adds a warning about an API without caller authorization.
func WarnOpenAPI(stack awscdk.Stack, auth, consequence string) {
	if auth == "none" {
		Warn(stack, "open-api", "api_auth is none: "+consequence+"To require a signature, set api_auth to iam.")
	}
}
