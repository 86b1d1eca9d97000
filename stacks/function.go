package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3assets"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
)

// newFunction makes a function with what the settings say of either kind, and
// props of its own.
func newFunction(scope constructs.Construct, inputs *Inputs, network *awslambda.CfnFunction_VpcConfigProperty, variables map[string]string, props *awslambda.FunctionProps) awslambda.Function {
	conf := inputs.Config
	props.FunctionName = optional(conf.FunctionName)
	props.Architecture = architecture(conf.Architecture)
	props.MemorySize = jsii.Number(conf.MemorySize)
	props.Timeout = awscdk.Duration_Seconds(jsii.Number(conf.Timeout))
	props.LoggingFormat = awslambda.LoggingFormat_JSON
	props.ApplicationLogLevelV2 = awslambda.ApplicationLogLevel(conf.LogLevel)
	props.Environment = texts(variables)
	props.CurrentVersionOptions = keptVersions()
	if conf.ReservedConcurrency != nil {
		props.ReservedConcurrentExecutions = jsii.Number(*conf.ReservedConcurrency)
	}
	if conf.XRay {
		props.Tracing = awslambda.Tracing_ACTIVE
	}
	if conf.KMSKeyARN != "" {
		props.EnvironmentEncryption = awskms.Key_FromKeyArn(scope, jsii.String("Key"), jsii.String(conf.KMSKeyARN))
	}
	function := awslambda.NewFunction(scope, jsii.String("Function"), props)
	resource := resourceOf(function)
	if network != nil {
		resource.SetVpcConfig(network)
	}
	impliedDependency(function, "Resource")
	return function
}

// impliedDependency drops the dependency on its role that a construct of the CDK
// gives to a function, and that the role's ARN implies.
func impliedDependency(construct constructs.IConstruct, resource string) {
	var function awscdk.CfnResource
	jsii.UnsafeCast(construct.Node().FindChild(jsii.String(resource)), &function)
	function.AddDeletionOverride(jsii.String("DependsOn"))
}

func resourceOf(function awslambda.Function) awslambda.CfnFunction {
	var resource awslambda.CfnFunction
	jsii.UnsafeCast(function.Node().DefaultChild(), &resource)
	return resource
}

// functionNeeds is what the settings make either kind of function need.
func functionNeeds(stack awscdk.Stack, conf config.Config) []awsiam.PolicyStatement {
	var statements []awsiam.PolicyStatement
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

func writeLog(logs awslogs.ILogGroup) awsiam.PolicyStatement {
	return allow(logs.LogGroupArn(), "logs:CreateLogStream", "logs:PutLogEvents")
}

// upload makes an S3 asset of the dependencies, and returns the ARN besides
// bucket and key.
func upload(scope constructs.Construct, dependencies *Dependencies) (bucket, key string, arn *string) {
	asset := awss3assets.NewAsset(scope, jsii.String("Dependencies"), &awss3assets.AssetProps{Path: jsii.String(dependencies.Path)})
	return *asset.S3BucketName(), *asset.S3ObjectKey(), asset.Bucket().ArnForObjects(asset.S3ObjectKey())
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
