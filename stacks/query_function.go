package stacks

import (
	"cmp"
	"fmt"
	"maps"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscodedeploy"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
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
	dependencies := awss3assets.NewAsset(this, jsii.String("Dependencies"), &awss3assets.AssetProps{
		Path: jsii.String(inputs.Dependencies.Path),
	})
	variables := maps.Clone(inputs.Environment)
	variables[environ.DependenciesBucket] = *dependencies.S3BucketName()
	variables[environ.DependenciesKey] = *dependencies.S3ObjectKey()

	props := &awslambda.FunctionProps{
		FunctionName:          optional(conf.FunctionName),
		Description:           jsii.String(cmp.Or(conf.Description, fmt.Sprintf("Answers questions on %s for %s", conf.Connection.DBType, conf.StackName()))),
		Runtime:               awslambda.Runtime_PROVIDED_AL2023(),
		Architecture:          architecture(conf.Architecture),
		Handler:               jsii.String("bootstrap"),
		Code:                  awslambda.Code_FromAsset(jsii.String(code), nil),
		MemorySize:            jsii.Number(conf.MemorySize),
		EphemeralStorageSize:  awscdk.Size_Mebibytes(jsii.Number(conf.EphemeralStorage)),
		Timeout:               awscdk.Duration_Seconds(jsii.Number(conf.Timeout)),
		Role:                  newRole(this, inputs, needs(this, conf, logs, dependencies)),
		LogGroup:              logs,
		LoggingFormat:         awslambda.LoggingFormat_JSON,
		ApplicationLogLevelV2: awslambda.ApplicationLogLevel(conf.LogLevel),
		Environment:           texts(variables),
		Layers:                layers(this, conf),
		CurrentVersionOptions: keptVersions(),
	}
	if conf.ReservedConcurrency != nil {
		props.ReservedConcurrentExecutions = jsii.Number(*conf.ReservedConcurrency)
	}
	if conf.XRay {
		props.Tracing = awslambda.Tracing_ACTIVE
	}
	if conf.KMSKeyARN != "" {
		props.EnvironmentEncryption = awskms.Key_FromKeyArn(this, jsii.String("Key"), jsii.String(conf.KMSKeyARN))
	}
	function := awslambda.NewFunction(this, jsii.String("Function"), props)
	var resource awslambda.CfnFunction
	jsii.UnsafeCast(function.Node().DefaultChild(), &resource)
	if network != nil {
		resource.SetVpcConfig(network)
	}
	// The construct adds a dependency on the role that the role's ARN implies.
	resource.AddDeletionOverride(jsii.String("DependsOn"))

	query := &QueryFunction{Construct: this, Function: function, Alias: newAlias(this, function)}
	if conf.Canary != "none" && !canaryGap.leftOut(this, inputs.Local) {
		query.Errors, query.Release = addCanary(this, conf, function, query.Alias)
	}
	return query, nil
}

// needs is all that the function's work takes: writing the log, reading the
// dependencies, and what the settings add.
func needs(scope constructs.Construct, conf config.Config, logs awslogs.LogGroup, dependencies awss3assets.Asset) []awsiam.PolicyStatement {
	stack := awscdk.Stack_Of(scope)
	statements := []awsiam.PolicyStatement{
		allow(logs.LogGroupArn(), "logs:CreateLogStream", "logs:PutLogEvents"),
		allow(dependencies.Bucket().ArnForObjects(dependencies.S3ObjectKey()), "s3:GetObject"),
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
	if conf.KMSKeyARN != "" {
		statements = append(statements, allow(&conf.KMSKeyARN, "kms:Decrypt"))
	}
	if conf.XRay {
		statements = append(statements, allow(jsii.String("*"), "xray:PutTelemetryRecords", "xray:PutTraceSegments"))
	}
	if inVPC(conf) {
		statements = append(statements, networkStatements(stack)...)
	}
	return statements
}

func layers(scope constructs.Construct, conf config.Config) *[]awslambda.ILayerVersion {
	var versions []awslambda.ILayerVersion
	for i, arn := range conf.Layers {
		versions = append(versions, awslambda.LayerVersion_FromLayerVersionArn(scope, jsii.Sprintf("Layer%d", i), jsii.String(arn)))
	}
	return &versions
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
