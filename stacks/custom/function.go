// Package custom makes the stack of a custom function: a team's own code, such as
// PODPAC's, with its dependencies and triggers.
package custom

import (
	"cmp"
	"maps"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
	"defog-cdk/internal/environ"
	"defog-cdk/stacks/artifact"
	"defog-cdk/stacks/construct"
)

// FunctionID is the construct id of the custom function in its stack, as deployed
// stacks have it.
const FunctionID = "Own"

// FunctionProps are the properties of a custom function.
type FunctionProps struct {
	Stack            string // the stack's name, in descriptions
	Runtime, Handler string // Lambda's names
	SnapStart        bool
	Artifacts        *artifact.Custom
	Source           Source

	Settings construct.FunctionSettings
	Role     construct.RoleSettings
	Logs     construct.LogSettings
	Canary   string

	DataSecret string // name or ARN of the secret with credentials for data; "" for none

	ExistingNetwork construct.NetworkSettings
	Environment     artifact.Environment

	AsyncRetries       int // of an asynchronous event, before it goes to the dead-letter queue
	AsyncMaxAgeSeconds int

	Bucket  *BucketProps // nil without the trigger S3 and without FanOut
	Trigger bool         // new objects below the bucket's input prefix start the function
	FanOut  bool         // a state machine invokes the function once for each item of a file
}

// Source is where code and dependencies are that are not uploaded.
type Source struct {
	Bucket                               string
	CodeKey, CodeVersion                 string
	DependenciesKey, DependenciesVersion string
}

// FunctionPropsOf returns the properties for a stage's artifacts.
func FunctionPropsOf(stage *artifact.Stage) FunctionProps {
	conf := stage.Config
	props := FunctionProps{
		Stack: conf.StackName(), Runtime: conf.Runtime, Handler: conf.Handler, SnapStart: conf.SnapStart, Artifacts: stage.Custom,
		Source:   Source{conf.SourceBucket, conf.DistKey, conf.DistVersion, conf.DependenciesKey, conf.DependenciesVersion},
		Settings: construct.FunctionSettingsOf(conf.Settings), Role: construct.RoleSettingsOf(conf.Settings, stage.Policies),
		Logs: construct.LogSettingsOf(conf.Settings), Canary: conf.Canary,
		ExistingNetwork: construct.NetworkSettingsOf(conf.Settings), Environment: stage.Environment,
		AsyncRetries: conf.AsyncRetries, AsyncMaxAgeSeconds: conf.AsyncMaxAge, DataSecret: conf.DataSecret,
	}
	props.Trigger, props.FanOut = conf.TriggeredBy("S3"), conf.FanOut
	if conf.HasBucket() {
		props.Bucket = &BucketProps{
			BucketName: conf.Bucket, InputPrefix: conf.InputPrefix(), OutputPrefix: conf.OutputPrefix(),
			Retain: conf.Retain(), ExpirationDays: conf.Expiration, Tags: conf.BucketTags,
			CachePrefix: conf.CacheDirectory(), CacheDays: conf.CacheExpiration,
		}
	}
	return props
}

// Function is a custom function with its log group, bucket and dead-letter
// queue. Its role allows only what the settings require.
type Function struct {
	constructs.Construct
	Function    awslambda.Function
	Release     *construct.Release
	DeadLetters *construct.DeadLetters
	FanOut      *FanOut // nil without it

	Bucket       awss3.IBucket     // of input, output and runs; nil without the trigger S3 and without FanOut
	Dependencies *construct.Object // nil without dependencies
}

// NewFunction makes the function. It waits for the compiler.
func NewFunction(scope constructs.Construct, id string, props FunctionProps) (*Function, error) {
	node := constructs.NewConstruct(scope, jsii.String(id))
	endpoints := "S3, which has the dependencies,"
	if props.DataSecret != "" {
		endpoints = "S3, which has the dependencies, and Secrets Manager"
	}
	network, err := construct.NewNetwork(node, "SecurityGroup", construct.NetworkProps{
		NetworkSettings: props.ExistingNetwork, Environment: props.Environment, Function: "function of " + props.Stack,
		Internet: "the internet", Endpoints: endpoints,
	})
	if err != nil {
		return nil, err
	}
	custom := &Function{Construct: node, DeadLetters: construct.NewDeadLetters(node, "DeadLetters",
		"The function failed on events after all retries. The dead-letter queue contains them, and the function's log the causes. Empty the queue to end this alarm.")}
	if props.Bucket != nil {
		custom.Bucket = newBucket(node, "Bucket", *props.Bucket)
	}
	variables := maps.Clone(props.Artifacts.Variables)
	logs := construct.NewLogGroup(node, "Logs", props.Logs)
	permissions := []construct.Permission{construct.AllowLogs(logs)}
	if custom.Dependencies = locateDependencies(node, props); custom.Dependencies != nil {
		addLocation(variables, *custom.Dependencies)
		permissions = append(permissions, custom.Dependencies.Read())
	}
	if custom.Bucket != nil {
		addBucket(variables, *custom.Bucket.BucketName())
	}
	permissions = append(permissions, custom.permissions(props)...)
	permissions = append(permissions, props.Settings.Permissions(awscdk.Stack_Of(node), network)...)

	cdk, err := runtimeProps(node, props)
	if err != nil {
		return nil, err
	}
	cdk.Role = construct.NewRole(node, "Role", construct.RoleProps{
		RoleSettings: props.Role, Description: "Permissions of the function of " + props.Stack,
		PolicyName: "Function", Permissions: permissions,
	})
	settings := props.Settings
	settings.Description = cmp.Or(settings.Description, "The function of "+props.Stack)
	custom.Function = construct.NewFunction(node, construct.FunctionID, construct.FunctionProps{
		FunctionSettings: settings, Variables: variables, StorageMB: props.Artifacts.StorageMB, Network: network,
		DeadLetters: custom.DeadLetters.Queue, Logs: logs, CDK: *cdk,
	})
	construct.AcceptFinding(custom.Function, "AwsSolutions-L1", "function_runtime is the version of the language that the code requires")

	custom.Release = construct.NewRelease(node, "Live", construct.ReleaseProps{
		Stack: props.Stack, Function: custom.Function, Description: "The version that is called", Canary: props.Canary,
	})
	custom.Release.Alias.ConfigureAsyncInvoke(&awslambda.EventInvokeConfigOptions{
		RetryAttempts: jsii.Number(props.AsyncRetries),
		MaxEventAge:   awscdk.Duration_Seconds(jsii.Number(props.AsyncMaxAgeSeconds)),
	})
	if props.Trigger {
		addTrigger(node, custom.Bucket, props.Bucket.InputPrefix, custom.Release.Alias)
	}
	if props.FanOut {
		custom.FanOut, err = NewFanOut(node, "FanOut", FanOutProps{
			Stack: props.Stack, Function: custom.Function, Alias: custom.Release.Alias, Bucket: custom.Bucket,
		})
	}
	return custom, err
}

// addBucket adds the function's bucket. PODPAC's handlers write the results of S3
// events to it.
func addBucket(variables map[string]string, bucket string) {
	variables[artifact.PodpacBucket] = bucket
	settings := variables[artifact.PodpacSettings]
	if !strings.Contains(settings, `"`+artifact.PodpacBucket+`"`) {
		// The name may be a token, which only text can contain.
		variables[artifact.PodpacSettings] = `{"` + artifact.PodpacBucket + `":"` + bucket + `",` + strings.TrimPrefix(settings, "{")
	}
}

// addLocation adds the location of the dependencies, under hydrate's names and
// under PODPAC's.
func addLocation(variables map[string]string, dependencies construct.Object) {
	variables[environ.DependenciesBucket], variables[artifact.PodpacBucket] = dependencies.Bucket, dependencies.Bucket
	variables[environ.DependenciesKey], variables[artifact.PodpacDependenciesKey] = dependencies.Key, dependencies.Key
}

// permissions returns what the props require of the role, besides its log, its
// dependencies and the settings of any function.
func (f *Function) permissions(props FunctionProps) []construct.Permission {
	permissions := []construct.Permission{construct.Allow(f.DeadLetters.Queue.QueueArn(), "sqs:SendMessage")}
	if props.DataSecret != "" {
		permissions = append(permissions, construct.Allow(construct.SecretARN(awscdk.Stack_Of(f.Construct), props.DataSecret), "secretsmanager:GetSecretValue"))
	}
	if f.Bucket == nil {
		return permissions
	}
	const anyName = "objects below function_s3_input and function_s3_output have any name"
	if props.Trigger {
		permissions = append(permissions,
			construct.AllowWildcard(anyName, f.Bucket.ArnForObjects(jsii.String(props.Bucket.InputPrefix+"*")), "s3:GetObject"))
	}
	if props.FanOut {
		permissions = append(permissions,
			construct.AllowWildcard("a run has any name", f.Bucket.ArnForObjects(jsii.String(config.RunsPrefix+"*/grid.json")), "s3:GetObject"))
	}
	if cache := props.Bucket.CachePrefix; cache != "" {
		permissions = append(permissions,
			construct.AllowWildcard("an entry of the cache has any name", f.Bucket.ArnForObjects(jsii.String(cache+"*")), "s3:GetObject", "s3:PutObject"))
	}
	// The handler checks whether a result exists.
	return append(permissions,
		construct.AllowWildcard(anyName, f.Bucket.ArnForObjects(jsii.String(props.Bucket.OutputPrefix+"*")), "s3:GetObject", "s3:PutObject"))
}

// runtimeProps returns the function's code, its runtime and its layers.
func runtimeProps(scope constructs.Construct, props FunctionProps) (*awslambda.FunctionProps, error) {
	cdk := &awslambda.FunctionProps{Runtime: newRuntime(props.Runtime, props.SnapStart), Handler: jsii.String(props.Handler)}
	if props.SnapStart {
		cdk.SnapStart = awslambda.SnapStartConf_ON_PUBLISHED_VERSIONS()
		awscdk.Annotations_Of(scope).AcknowledgeWarning(jsii.String("@aws-cdk/aws-lambda:snapStartRequirePublish"), jsii.String("The alias names a published version."))
	}
	code, err := props.Artifacts.UploadedCode()
	if err != nil {
		return nil, err
	}
	if code != nil {
		cdk.Code = awslambda.Code_FromAsset(jsii.String(code.Path), nil)
	} else {
		bucket := awss3.Bucket_FromBucketName(scope, jsii.String("Source"), jsii.String(props.Source.Bucket))
		cdk.Code = awslambda.Code_FromBucketV2(bucket, jsii.String(props.Source.CodeKey), &awslambda.BucketOptions{ObjectVersion: construct.Optional(props.Source.CodeVersion)})
	}
	if hydration := props.Artifacts.Hydration; hydration == artifact.NotHydrated || hydration == artifact.CodeBootstrap {
		return cdk, nil
	}
	program, err := props.Artifacts.Program.Directory()
	if err != nil {
		return nil, err
	}
	cdk.Layers = &[]awslambda.ILayerVersion{awslambda.NewLayerVersion(scope, jsii.String("Hydrate"), &awslambda.LayerVersionProps{
		Code:                    awslambda.Code_FromAsset(jsii.String(program), nil),
		CompatibleArchitectures: &[]awslambda.Architecture{construct.Architecture(props.Settings.Architecture)},
		Description:             jsii.String("Installs the dependencies before the function starts"),
	})}
	return cdk, nil
}

// newRuntime returns a runtime by Lambda's name.
func newRuntime(name string, snapStart bool) awslambda.Runtime {
	family := awslambda.RuntimeFamily_OTHER
	for prefix, known := range map[string]awslambda.RuntimeFamily{
		"python": awslambda.RuntimeFamily_PYTHON, "nodejs": awslambda.RuntimeFamily_NODEJS, "java": awslambda.RuntimeFamily_JAVA,
		"dotnet": awslambda.RuntimeFamily_DOTNET_CORE, "ruby": awslambda.RuntimeFamily_RUBY,
	} {
		if strings.HasPrefix(name, prefix) {
			family = known
		}
	}
	return awslambda.NewRuntime(jsii.String(name), family, &awslambda.LambdaRuntimeProps{SupportsSnapStart: jsii.Bool(snapStart)})
}

// locateDependencies uploads the dependencies, or returns their location in the
// bucket. It returns nil for none.
func locateDependencies(scope constructs.Construct, props FunctionProps) *construct.Object {
	source := props.Source
	switch {
	case props.Artifacts.Dependencies != nil:
		object := construct.NewDependencies(scope, "Dependencies", props.Artifacts.Dependencies)
		return &object
	case source.DependenciesKey != "":
		bucket := awss3.Bucket_FromBucketName(scope, jsii.String("DependenciesBucket"), jsii.String(source.Bucket))
		return &construct.Object{Bucket: source.Bucket, Key: source.DependenciesKey, ARN: bucket.ArnForObjects(jsii.String(source.DependenciesKey)), Version: source.DependenciesVersion}
	}
	return nil
}
