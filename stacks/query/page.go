package query

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/internal/page"
	"defog-cdk/stacks/artifact"
	"defog-cdk/stacks/construct"
)

// PageProps are the properties of the page.
type PageProps struct {
	Stack        string // the stack's name, in descriptions
	Code         *artifact.Page
	Architecture string // Lambda's name
	LogLevel     string
	Logs         construct.LogSettings
}

// Page is the function that serves the page's files from its own code. Its role
// allows it to write its log, and nothing else.
type Page struct {
	constructs.Construct
	Function awslambda.Function
}

// pageTimeout and pageMemory suffice to return a file.
const (
	pageTimeout = 10 // seconds
	pageMemory  = 128
)

// NewPage makes the page. It waits for npm and the compiler.
func NewPage(scope constructs.Construct, id string, props PageProps) (*Page, error) {
	code, err := props.Code.Directory()
	if err != nil {
		return nil, err
	}
	node := constructs.NewConstruct(scope, jsii.String(id))
	logs := construct.NewLogGroup(node, "Logs", props.Logs)
	function := construct.NewFunction(node, construct.FunctionID, construct.FunctionProps{
		FunctionSettings: construct.FunctionSettings{
			Description: "Serves the page of " + props.Stack, Architecture: props.Architecture,
			MemoryMB: pageMemory, TimeoutSeconds: pageTimeout, LogLevel: props.LogLevel,
		},
		Logs: logs,
		CDK: awslambda.FunctionProps{
			Runtime: awslambda.Runtime_PROVIDED_AL2023(),
			Handler: jsii.String("bootstrap"),
			Code:    awslambda.Code_FromAsset(jsii.String(code), nil),
			Role: construct.NewRole(node, "Role", construct.RoleProps{
				Description: "Permissions of the page of " + props.Stack, PolicyName: "Page",
				Permissions: []construct.Permission{construct.AllowLogs(logs)},
			}),
		},
	})
	return &Page{Construct: node, Function: function}, nil
}

// Routes returns the API's routes to the page's files.
func (p *Page) Routes() (routes []construct.Route) {
	for _, path := range page.Paths {
		routes = append(routes, construct.Route{
			Path: path, Methods: []awsapigatewayv2.HttpMethod{awsapigatewayv2.HttpMethod_GET},
			Function: p.Function, Integration: "Page",
			Public: "page=true: the page's files hold no secret, and a browser loads them before its user signs in",
		})
	}
	return routes
}
