package stacks

import (
	"cmp"
	"maps"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscodedeploy"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
	"defog-cdk/internal/environ"
)

// OwnFunction is a function of the user's own, with its log group, the bucket
// that triggers it, a queue for events that it failed, and a role that allows
// what its settings need and nothing else.
type OwnFunction struct {
	constructs.Construct
	Function awslambda.Function

	// Alias is live: the version of the function that is to be called.
	Alias awslambda.Alias

	// Bucket is where objects trigger the function; nil without that trigger.
	Bucket awss3.IBucket

	// Dependencies is where they are, as s3://bucket/key; empty without any.
	Dependencies string

	DeadLetters *DeadLetters

	// Errors is the alarm that sends a canary back, and Release what moves the
	// alias. They are nil without one.
	Errors  awscloudwatch.Alarm
	Release awscodedeploy.LambdaDeploymentGroup
}

// NewOwnFunction makes the function.
func NewOwnFunction(scope constructs.Construct, id string, inputs *Inputs) (*OwnFunction, error) {
	conf := inputs.Config
	this := constructs.NewConstruct(scope, jsii.String(id))
	network, err := newNetwork(this, inputs)
	if err != nil {
		return nil, err
	}
	own := &OwnFunction{Construct: this, DeadLetters: newDeadLetters(this)}
	if conf.TriggeredBy("S3") {
		own.Bucket = newTriggerBucket(this, inputs)
	}
	variables := maps.Clone(inputs.Environment)
	statements := []awsiam.PolicyStatement{}
	if dependencies := locateDependencies(this, inputs); dependencies != nil {
		own.Dependencies = "s3://" + dependencies.bucket + "/" + dependencies.key
		dependencies.tell(variables)
		statements = append(statements, dependencies.read())
	}
	own.tellBucket(variables)

	logs := newLogGroup(this, "Logs", conf)
	statements = append(statements, own.needs(conf)...)
	props, err := runtimeProps(this, inputs)
	if err != nil {
		return nil, err
	}
	props.Description = jsii.String(cmp.Or(conf.Description, "The function of "+conf.StackName()))
	props.EphemeralStorageSize = awscdk.Size_Mebibytes(jsii.Number(inputs.Own.Storage))
	props.LogGroup = logs
	props.Role = newRole(this, inputs, append([]awsiam.PolicyStatement{writeLog(logs)}, statements...))
	own.Function = newFunction(this, inputs, network, variables, props)
	acceptFinding(own.Function, "AwsSolutions-L1", "function_runtime is the language's version that the code is written for")
	resourceOf(own.Function).SetDeadLetterConfig(&awslambda.CfnFunction_DeadLetterConfigProperty{TargetArn: own.DeadLetters.Queue.QueueArn()})

	own.Alias = newAlias(this, own.Function, "The version that is called")
	own.Alias.ConfigureAsyncInvoke(&awslambda.EventInvokeConfigOptions{
		RetryAttempts: jsii.Number(conf.AsyncRetries),
		MaxEventAge:   awscdk.Duration_Seconds(jsii.Number(conf.AsyncMaxAge)),
	})
	if conf.Canary != "none" && !canaryGap.leftOut(this, inputs.Local) {
		own.Errors, own.Release = addCanary(this, conf, own.Function, own.Alias)
	}
	if own.Bucket != nil {
		addTrigger(this, conf, own.Bucket, own.Alias)
	}
	return own, nil
}

// tellBucket says which bucket is the function's. PODPAC's handlers write what
// an event of S3 results in to it.
func (o *OwnFunction) tellBucket(variables map[string]string) {
	if o.Bucket == nil {
		return
	}
	variables[podpacBucket] = *o.Bucket.BucketName()
	settings := variables[podpacSettings]
	if !strings.Contains(settings, `"`+podpacBucket+`"`) {
		// The name may be known to CloudFormation alone: it joins the texts.
		variables[podpacSettings] = `{"` + podpacBucket + `":"` + *o.Bucket.BucketName() + `",` + strings.TrimPrefix(settings, "{")
	}
}

// needs is what the settings make the function need, besides its log and its
// dependencies.
func (o *OwnFunction) needs(conf config.Config) []awsiam.PolicyStatement {
	statements := []awsiam.PolicyStatement{allow(o.DeadLetters.Queue.QueueArn(), "sqs:SendMessage")}
	if o.Bucket != nil {
		statements = append(statements,
			allow(o.Bucket.ArnForObjects(jsii.String(conf.InputPrefix()+"*")), "s3:GetObject"),
			// It looks whether a result is there already.
			allow(o.Bucket.ArnForObjects(jsii.String(conf.OutputPrefix()+"*")), "s3:GetObject", "s3:PutObject"))
	}
	return append(statements, functionNeeds(awscdk.Stack_Of(o.Construct), conf)...)
}

// runtimeProps are the function's code and what starts it.
func runtimeProps(scope constructs.Construct, inputs *Inputs) (*awslambda.FunctionProps, error) {
	conf, own := inputs.Config, inputs.Own
	props := &awslambda.FunctionProps{
		Runtime: runtimeOf(conf.Runtime, conf.SnapStart),
		Handler: jsii.String(conf.Handler),
		Layers:  layers(scope, conf),
	}
	if conf.SnapStart {
		props.SnapStart = awslambda.SnapStartConf_ON_PUBLISHED_VERSIONS()
		awscdk.Annotations_Of(scope).AcknowledgeWarning(jsii.String("@aws-cdk/aws-lambda:snapStartRequirePublish"), jsii.String("The alias names a published version."))
	}
	switch {
	case own.front == asBootstrap:
		code, err := inputs.hydratedCode()
		if err != nil {
			return nil, err
		}
		props.Runtime, props.Code = awslambda.Runtime_PROVIDED_AL2023(), awslambda.Code_FromAsset(jsii.String(code.Path), nil)
		return props, nil
	case own.Code != nil:
		props.Code = awslambda.Code_FromAsset(jsii.String(own.Code.Path), nil)
	default:
		bucket := awss3.Bucket_FromBucketName(scope, jsii.String("Source"), jsii.String(conf.SourceBucket))
		props.Code = awslambda.Code_FromBucketV2(bucket, jsii.String(conf.DistKey), &awslambda.BucketOptions{ObjectVersion: optional(conf.DistVersion)})
	}
	if own.front == noFront {
		return props, nil
	}
	program, err := inputs.Code.Directory()
	if err != nil {
		return nil, err
	}
	all := append(*props.Layers, awslambda.NewLayerVersion(scope, jsii.String("Hydrate"), &awslambda.LayerVersionProps{
		Code:                    awslambda.Code_FromAsset(jsii.String(program), nil),
		CompatibleArchitectures: &[]awslambda.Architecture{architecture(conf.Architecture)},
		Description:             jsii.String("Readies the dependencies before the function starts"),
	}))
	props.Layers = &all
	return props, nil
}

// runtimeOf is a runtime by Lambda's name of it.
func runtimeOf(name string, snapStart bool) awslambda.Runtime {
	family := awslambda.RuntimeFamily_OTHER
	for start, known := range map[string]awslambda.RuntimeFamily{
		"python": awslambda.RuntimeFamily_PYTHON, "nodejs": awslambda.RuntimeFamily_NODEJS, "java": awslambda.RuntimeFamily_JAVA,
		"dotnet": awslambda.RuntimeFamily_DOTNET_CORE, "ruby": awslambda.RuntimeFamily_RUBY,
	} {
		if strings.HasPrefix(name, start) {
			family = known
		}
	}
	return awslambda.NewRuntime(jsii.String(name), family, &awslambda.LambdaRuntimeProps{SupportsSnapStart: jsii.Bool(snapStart)})
}

// dependenciesAt is where a function's dependencies are.
type dependenciesAt struct {
	bucket, key string
	arn         *string
	version     string
}

// locateDependencies uploads the dependencies, or takes them where they are. It
// returns nil for none.
func locateDependencies(scope constructs.Construct, inputs *Inputs) *dependenciesAt {
	conf := inputs.Config
	switch {
	case inputs.Dependencies != nil:
		bucket, key, arn := upload(scope, inputs.Dependencies)
		return &dependenciesAt{bucket: bucket, key: key, arn: arn}
	case conf.DependenciesKey != "":
		bucket := awss3.Bucket_FromBucketName(scope, jsii.String("DependenciesBucket"), jsii.String(conf.SourceBucket))
		return &dependenciesAt{conf.SourceBucket, conf.DependenciesKey, bucket.ArnForObjects(jsii.String(conf.DependenciesKey)), conf.DependenciesVersion}
	}
	return nil
}

// tell puts where they are into the environment, by hydrate's names and by
// PODPAC's.
func (d *dependenciesAt) tell(variables map[string]string) {
	variables[environ.DependenciesBucket], variables[podpacBucket] = d.bucket, d.bucket
	variables[environ.DependenciesKey], variables[podpacDependenciesKey] = d.key, d.key
}

// read allows the one object, or the one version of it.
func (d *dependenciesAt) read() awsiam.PolicyStatement {
	if d.version != "" {
		return allow(d.arn, "s3:GetObjectVersion")
	}
	return allow(d.arn, "s3:GetObject")
}
