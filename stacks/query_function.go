package stacks

import (
	"maps"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3assets"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
	"defog-cdk/config/environ"
)

// QueryFunction is the function that answers questions, with its log group,
// its dependencies in S3 and a role that allows what the function does and
// nothing else.
type QueryFunction struct {
	constructs.Construct
	Function awslambda.Function
}

// NewQueryFunction makes the function.
func NewQueryFunction(scope constructs.Construct, id string, inputs *Inputs) (*QueryFunction, error) {
	conf := inputs.Config
	code, err := inputs.Code.Directory()
	if err != nil {
		return nil, err
	}

	this := constructs.NewConstruct(scope, jsii.String(id))
	logs := newLogGroup(this, "Logs", conf)
	dependencies := awss3assets.NewAsset(this, jsii.String("Dependencies"), &awss3assets.AssetProps{
		Path: jsii.String(inputs.Dependencies.Path),
	})
	variables := maps.Clone(inputs.Environment)
	variables[environ.DependenciesBucket] = *dependencies.S3BucketName()
	variables[environ.DependenciesKey] = *dependencies.S3ObjectKey()

	role := newRole(this, conf, logs, dependencies)
	function := awslambda.NewFunction(this, jsii.String("Function"), &awslambda.FunctionProps{
		Description:   jsii.Sprintf("Answers questions on %s for %s", conf.Connection.DBType, conf.StackName()),
		Runtime:       awslambda.Runtime_PROVIDED_AL2023(),
		Architecture:  architecture(conf.Architecture),
		Handler:       jsii.String("bootstrap"),
		Code:          awslambda.Code_FromAsset(jsii.String(code), nil),
		MemorySize:    jsii.Number(conf.MemorySize),
		Timeout:       awscdk.Duration_Seconds(jsii.Number(conf.Timeout)),
		Role:          role,
		LogGroup:      logs,
		LoggingFormat: awslambda.LoggingFormat_JSON,
		Environment:   texts(variables),
	})
	// The construct adds a dependency on the role that the role's ARN implies.
	var resource awslambda.CfnFunction
	jsii.UnsafeCast(function.Node().DefaultChild(), &resource)
	resource.AddDeletionOverride(jsii.String("DependsOn"))
	return &QueryFunction{Construct: this, Function: function}, nil
}

// newRole allows writing the log, reading the dependencies, and reading the
// secret when there is one. Its policy is part of it, so that there is never a
// function whose role may not yet do its work.
func newRole(scope constructs.Construct, conf config.Config, logs awslogs.LogGroup, dependencies awss3assets.Asset) awsiam.Role {
	statements := []awsiam.PolicyStatement{
		allow(logs.LogGroupArn(), "logs:CreateLogStream", "logs:PutLogEvents"),
		allow(dependencies.Bucket().ArnForObjects(dependencies.S3ObjectKey()), "s3:GetObject"),
	}
	if conf.CredentialsSecret != "" {
		statements = append(statements, allow(secretARN(awscdk.Stack_Of(scope), conf.CredentialsSecret), "secretsmanager:GetSecretValue"))
	}
	policy := awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &statements})
	return awsiam.NewRole(scope, jsii.String("Role"), &awsiam.RoleProps{
		AssumedBy:      awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil),
		Description:    jsii.Sprintf("What the query function of %s may do", conf.StackName()),
		InlinePolicies: &map[string]awsiam.PolicyDocument{"Query": policy},
	})
}

func allow(resource *string, actions ...string) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:   jsii.Strings(actions...),
		Resources: &[]*string{resource},
	})
}

func architecture(name string) awslambda.Architecture {
	if name == "x86_64" {
		return awslambda.Architecture_X86_64()
	}
	return awslambda.Architecture_ARM_64()
}

// texts is a map as jsii takes it.
func texts(values map[string]string) *map[string]*string {
	pointers := make(map[string]*string, len(values))
	for key, value := range values {
		pointers[key] = &value
	}
	return &pointers
}
