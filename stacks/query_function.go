package stacks

import (
	"cmp"
	"fmt"
	"maps"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscodedeploy"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
	"defog-cdk/internal/environ"
)

// QueryFunction is the function that answers questions, with its log group,
// its dependencies in S3 and a role that allows what the function does and
// nothing else.
type QueryFunction struct {
	constructs.Construct
	Function awslambda.Function

	// Alias is live: the version of the function that is to be called.
	Alias awslambda.Alias

	// Errors is the alarm that sends a canary back, and Release what moves the
	// alias. They are nil without one.
	Errors  awscloudwatch.Alarm
	Release awscodedeploy.LambdaDeploymentGroup
}

// NewQueryFunction makes the function.
func NewQueryFunction(scope constructs.Construct, id string, inputs *Inputs) (*QueryFunction, error) {
	conf := inputs.Config
	code, err := inputs.Code.Directory()
	if err != nil {
		return nil, err
	}

	this := constructs.NewConstruct(scope, jsii.String(id))
	network, err := newNetwork(this, inputs)
	if err != nil {
		return nil, err
	}
	logs := newLogGroup(this, "Logs", conf)
	bucket, key, arn := upload(this, inputs.Dependencies)
	variables := maps.Clone(inputs.Environment)
	variables[environ.DependenciesBucket], variables[environ.DependenciesKey] = bucket, key

	function := newFunction(this, inputs, network, variables, &awslambda.FunctionProps{
		Description:          jsii.String(cmp.Or(conf.Description, fmt.Sprintf("Answers questions on %s for %s", conf.Connection.DBType, conf.StackName()))),
		Runtime:              awslambda.Runtime_PROVIDED_AL2023(),
		Handler:              jsii.String(bootstrap),
		Code:                 awslambda.Code_FromAsset(jsii.String(code), nil),
		EphemeralStorageSize: awscdk.Size_Mebibytes(jsii.Number(conf.EphemeralStorage)),
		Role:                 newRole(this, inputs, needs(this, conf, logs, arn)),
		LogGroup:             logs,
		Layers:               layers(this, conf),
	})
	query := &QueryFunction{Construct: this, Function: function, Alias: newAlias(this, function, "The version that answers questions")}
	if conf.Canary != "none" && !canaryGap.leftOut(this, inputs.Local) {
		query.Errors, query.Release = addCanary(this, conf, function, query.Alias)
	}
	return query, nil
}

// needs is all that the query function's work takes: reading the dependencies,
// what every function needs, and what the settings add.
func needs(scope constructs.Construct, conf config.Config, logs awslogs.LogGroup, dependencies *string) []awsiam.PolicyStatement {
	stack := awscdk.Stack_Of(scope)
	statements := []awsiam.PolicyStatement{
		writeLog(logs),
		allow(dependencies, "s3:GetObject"),
	}
	if conf.CredentialsSecret != "" {
		statements = append(statements, allow(secretARN(stack, conf.CredentialsSecret), "secretsmanager:GetSecretValue"))
	}
	if conf.ResultsBucket != "" {
		objects := stack.FormatArn(&awscdk.ArnComponents{
			Service: jsii.String("s3"), Region: jsii.String(""), Account: jsii.String(""),
			Resource: &conf.ResultsBucket, ResourceName: jsii.String(conf.StackName() + "/*"),
		})
		// Reading is for whoever gets a URL: the role signs it.
		statements = append(statements, allow(objects, "s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"))
	}
	if conf.DatabaseUserARN != "" {
		statements = append(statements, allow(&conf.DatabaseUserARN, "rds-db:connect"))
	}
	if conf.Generator == "bedrock" {
		statements = append(statements, modelStatements(stack, conf)...)
	}
	return append(statements, functionNeeds(stack, conf)...)
}
