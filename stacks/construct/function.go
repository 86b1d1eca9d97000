package construct

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3assets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
	"defog-cdk/stacks/artifact"
)

// FunctionID is the construct id of a function below the construct of its stack.
const FunctionID = "Function"

// FunctionSettings are the settings that every function has. Zero values leave
// the choice to CloudFormation or Lambda.
type FunctionSettings struct {
	Name, Description   string
	Architecture        string // Lambda's name; default: arm64
	MemoryMB            int
	TimeoutSeconds      int
	LogLevel            string // DEBUG, INFO, WARN or ERROR
	LayerARNs           []string
	ReservedConcurrency *int
	XRay                bool
	KMSKeyARN           string // of the key for the environment
}

// FunctionSettingsOf returns the function's part of the settings.
func FunctionSettingsOf(s config.Settings) FunctionSettings {
	return FunctionSettings{
		Name: s.FunctionName, Description: s.Description, Architecture: s.Architecture, MemoryMB: s.MemorySize, TimeoutSeconds: s.Timeout,
		LogLevel: s.LogLevel, LayerARNs: s.Layers, ReservedConcurrency: s.ReservedConcurrency, XRay: s.XRay, KMSKeyARN: s.KMSKeyARN,
	}
}

// Permissions returns what the settings and the network require of the role.
func (s FunctionSettings) Permissions(stack awscdk.Stack, network *Network) []Permission {
	var permissions []Permission
	if s.KMSKeyARN != "" {
		permissions = append(permissions, Allow(&s.KMSKeyARN, "kms:Decrypt"))
	}
	if s.XRay {
		permissions = append(permissions, AllowWildcard("X-Ray's actions to write traces support no resources",
			jsii.String("*"), "xray:PutTelemetryRecords", "xray:PutTraceSegments"))
	}
	if network != nil {
		permissions = append(permissions, networkPermissions(stack)...)
	}
	return permissions
}

// FunctionProps are the properties of a Lambda function.
type FunctionProps struct {
	FunctionSettings
	Variables   map[string]string
	StorageMB   int // of /tmp
	Network     *Network
	DeadLetters awssqs.IQueue // nil for none
	Logs        awslogs.ILogGroup

	// CDK has Code, Handler, Runtime and Role, and what only some functions have.
	CDK awslambda.FunctionProps
}

// NewFunction makes a Lambda function. It logs JSON and keeps its versions.
func NewFunction(scope constructs.Construct, id string, props FunctionProps) awslambda.Function {
	cdk := props.CDK
	cdk.FunctionName = Optional(props.Name)
	cdk.Description = jsii.String(props.Description)
	cdk.Architecture = Architecture(props.Architecture)
	cdk.MemorySize = number(props.MemoryMB)
	if props.TimeoutSeconds > 0 {
		cdk.Timeout = awscdk.Duration_Seconds(jsii.Number(props.TimeoutSeconds))
	}
	if props.StorageMB > 0 {
		cdk.EphemeralStorageSize = awscdk.Size_Mebibytes(jsii.Number(props.StorageMB))
	}
	cdk.LoggingFormat = awslambda.LoggingFormat_JSON
	cdk.ApplicationLogLevelV2 = awslambda.ApplicationLogLevel(props.LogLevel)
	cdk.LogGroup = props.Logs
	cdk.Environment = Texts(props.Variables)
	cdk.DeadLetterQueue = props.DeadLetters
	// Versions stay when newer ones come, so that the alias can return to them;
	// they are deleted with the function.
	cdk.CurrentVersionOptions = &awslambda.VersionOptions{RemovalPolicy: awscdk.RemovalPolicy_RETAIN}
	layers := layers(scope, props.LayerARNs)
	if props.CDK.Layers != nil {
		layers = append(layers, *props.CDK.Layers...)
	}
	cdk.Layers = &layers
	if props.ReservedConcurrency != nil {
		cdk.ReservedConcurrentExecutions = jsii.Number(*props.ReservedConcurrency)
	}
	if props.XRay {
		cdk.Tracing = awslambda.Tracing_ACTIVE
	}
	if props.KMSKeyARN != "" {
		cdk.EnvironmentEncryption = awskms.Key_FromKeyArn(scope, jsii.String("Key"), jsii.String(props.KMSKeyARN))
	}
	if props.Network != nil && props.Network.VPC != nil {
		cdk.Vpc, cdk.VpcSubnets = props.Network.VPC, props.Network.Subnets
		if len(props.Network.SecurityGroups) > 0 {
			cdk.SecurityGroups = &props.Network.SecurityGroups
		}
	}
	function := awslambda.NewFunction(scope, jsii.String(id), &cdk)
	if props.Network != nil && props.Network.VPC == nil { // the CDK's own property requires the VPC
		var resource awslambda.CfnFunction
		jsii.UnsafeCast(function.Node().DefaultChild(), &resource)
		resource.SetVpcConfig(&awslambda.CfnFunction_VpcConfigProperty{
			SubnetIds:        jsii.Strings(props.Network.SubnetIDs...),
			SecurityGroupIds: jsii.Strings(props.Network.SecurityGroupIDs...),
		})
	}
	return function
}

func layers(scope constructs.Construct, arns []string) (versions []awslambda.ILayerVersion) {
	for i, arn := range arns {
		versions = append(versions, awslambda.LayerVersion_FromLayerVersionArn(scope, jsii.Sprintf("Layer%d", i), jsii.String(arn)))
	}
	return versions
}

// Architecture returns an architecture by Lambda's name, arm64 for "".
func Architecture(name string) awslambda.Architecture {
	if name == "x86_64" {
		return awslambda.Architecture_X86_64()
	}
	return awslambda.Architecture_ARM_64()
}

// Object is an object in S3.
type Object struct {
	Bucket, Key string
	ARN         *string
	Version     string // "" for the newest
}

// NewDependencies uploads the dependencies as an S3 asset.
func NewDependencies(scope constructs.Construct, id string, dependencies *artifact.Zip) Object {
	asset := awss3assets.NewAsset(scope, jsii.String(id), &awss3assets.AssetProps{Path: jsii.String(dependencies.Path)})
	return Object{Bucket: *asset.S3BucketName(), Key: *asset.S3ObjectKey(), ARN: asset.Bucket().ArnForObjects(asset.S3ObjectKey())}
}

// Read returns the permission to read the object, or its version.
func (o Object) Read() Permission {
	if o.Version != "" {
		return Allow(o.ARN, "s3:GetObjectVersion")
	}
	return Allow(o.ARN, "s3:GetObject")
}
