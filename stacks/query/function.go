// Package query makes the stack of the query function: the function, its HTTP
// API, and what an operator needs to watch both.
package query

import (
	"cmp"
	"fmt"
	"maps"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/internal/environ"
	"defog-cdk/stacks/artifact"
	"defog-cdk/stacks/construct"
)

// FunctionProps are the properties of the query function. Only Stack, Database
// and Artifacts are required.
type FunctionProps struct {
	Stack     string // the stack's name, in descriptions and below ResultsBucket
	Database  string // its db_type, in the description
	Artifacts *artifact.Query

	Settings  construct.FunctionSettings
	Role      construct.RoleSettings
	Logs      construct.LogSettings
	StorageMB int // of /tmp
	Canary    string

	// Network is the VPC of the app; without it, ExistingNetwork names one, and
	// Environment is where to look it up.
	Network         *construct.Network
	ExistingNetwork construct.NetworkSettings
	Environment     artifact.Environment

	// Secret holds the connection. Without it, SecretName names one (name or
	// ARN); with neither, the credentials are in Artifacts.Variables.
	Secret     awssecretsmanager.ISecret
	SecretName string

	// LongQuestions adds questions that are answered later; nil for none.
	LongQuestions *LongQuestionsProps

	History *HistoryProps // nil for none

	DatabaseUserARN string // for IAM database authentication
	ResultsBucket   string
	Model           Model // Bedrock's; empty for other generators
}

// Function is the query function, with its log group, its dependencies in S3 and
// a role that allows only what the function does.
type Function struct {
	constructs.Construct
	Function awslambda.Function
	Release  *construct.Release

	LongQuestions *LongQuestions // nil for none
	History       *History       // nil for none
}

// NewFunction makes the function. It waits for the compiler.
func NewFunction(scope constructs.Construct, id string, props FunctionProps) (*Function, error) {
	code, err := props.Artifacts.Program.Directory()
	if err != nil {
		return nil, err
	}
	node := constructs.NewConstruct(scope, jsii.String(id))
	network := props.Network
	if network == nil {
		if network, err = construct.NewNetwork(node, "SecurityGroup", construct.NetworkProps{
			NetworkSettings: props.ExistingNetwork, Environment: props.Environment, Function: "query function of " + props.Stack,
			Internet: "a generator on the internet", Endpoints: props.endpoints(),
		}); err != nil {
			return nil, err
		}
	}
	logs := construct.NewLogGroup(node, "Logs", props.Logs)
	dependencies := construct.NewDependencies(node, "Dependencies", props.Artifacts.Dependencies)
	variables := maps.Clone(props.Artifacts.Variables)
	variables[environ.DependenciesBucket], variables[environ.DependenciesKey] = dependencies.Bucket, dependencies.Key
	if props.Secret != nil {
		variables[environ.CredentialsSecret] = *props.Secret.SecretArn()
	}
	permissions := []construct.Permission{construct.AllowLogs(logs), dependencies.Read()}
	permissions = append(permissions, props.permissions(awscdk.Stack_Of(scope))...)
	permissions = append(permissions, props.Settings.Permissions(awscdk.Stack_Of(scope), network)...)
	var long *LongQuestions
	if props.LongQuestions != nil {
		long = NewLongQuestions(node, "LongQuestions", *props.LongQuestions)
		permissions = append(permissions, long.permissions()...)
		maps.Copy(variables, long.variables())
	}
	var history *History
	if props.History != nil {
		history = NewHistory(node, "History", *props.History)
		permissions = append(permissions, history.permissions()...)
		variables[environ.HistoryBucket] = *history.bucket.BucketName()
	}

	settings := props.Settings
	settings.Description = cmp.Or(settings.Description, fmt.Sprintf("Answers questions on %s for %s", props.Database, props.Stack))
	function := construct.NewFunction(node, construct.FunctionID, construct.FunctionProps{
		FunctionSettings: settings, Variables: variables, StorageMB: props.StorageMB, Network: network, Logs: logs,
		CDK: awslambda.FunctionProps{
			Runtime: awslambda.Runtime_PROVIDED_AL2023(),
			Handler: jsii.String("bootstrap"),
			Code:    awslambda.Code_FromAsset(jsii.String(code), nil),
			Role: construct.NewRole(node, "Role", construct.RoleProps{
				RoleSettings: props.Role, Description: "Permissions of the query function of " + props.Stack,
				PolicyName: "Query", Permissions: permissions,
			}),
		},
	})
	release := construct.NewRelease(node, "Live", construct.ReleaseProps{
		Stack: props.Stack, Function: function, Description: "The version that answers questions", Canary: props.Canary,
	})
	if long != nil {
		long.start(release.Alias)
	}
	return &Function{Construct: node, Function: function, Release: release, LongQuestions: long, History: history}, nil
}

// endpoints names the services that VPC endpoints can serve.
func (p FunctionProps) endpoints() string {
	if p.LongQuestions != nil {
		return "S3, DynamoDB, SQS and Secrets Manager"
	}
	return "S3 and Secrets Manager"
}

// permissions returns what the props require of the role, besides its log, its
// dependencies and the settings of any function.
func (p FunctionProps) permissions(stack awscdk.Stack) (permissions []construct.Permission) {
	switch {
	case p.Secret != nil:
		permissions = append(permissions, construct.Allow(p.Secret.SecretArn(), "secretsmanager:GetSecretValue"))
		if key := p.Secret.EncryptionKey(); key != nil {
			permissions = append(permissions, construct.Allow(key.KeyArn(), "kms:Decrypt"))
		}
	case p.SecretName != "":
		permissions = append(permissions, construct.Allow(construct.SecretARN(stack, p.SecretName), "secretsmanager:GetSecretValue"))
	}
	if p.ResultsBucket != "" {
		objects := stack.FormatArn(&awscdk.ArnComponents{
			Service: jsii.String("s3"), Region: jsii.String(""), Account: jsii.String(""),
			Resource: &p.ResultsBucket, ResourceName: jsii.String(p.Stack + "/*"),
		})
		// The role signs the URL by which a caller reads the object. The function
		// aborts an upload in parts that fails.
		permissions = append(permissions, construct.AllowWildcard("each stored answer is one object, below the stack's name in results_bucket",
			objects, "s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"))
	}
	if p.DatabaseUserARN != "" {
		permissions = append(permissions, construct.Allow(&p.DatabaseUserARN, "rds-db:connect"))
	}
	return append(permissions, p.Model.permissions(stack)...)
}
