package pipeline

import (
	"maps"
	"slices"
	"strconv"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscodepipeline"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/pipelines"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
	"defog-cdk/stacks/construct"
)

// acceptance is why findings of cdk-nag on a policy of CDK Pipelines are
// acceptable.
type acceptance struct {
	reason   string
	findings []any
}

// part matches a part of an ARN: text, or a reference. cdk-nag writes references as
// <AWS::Region> in a stack without an account.
const part = `(?:[^:<>]+|<[^>]+>)`

// Acceptances by the purpose of the wildcards.
var (
	artifactWildcards = acceptance{"the CDK's grants cover the objects of the artifact buckets and their keys, with several actions of one kind", []any{
		"Action::kms:GenerateDataKey*", "Action::kms:ReEncrypt*",
		"Action::s3:Abort*", "Action::s3:DeleteObject*", "Action::s3:GetBucket*", "Action::s3:GetObject*", "Action::s3:List*",
		construct.MatchFinding(`Resource::<ArtifactsBucket[0-9A-F]{8}\.Arn>\/\*`),
		construct.MatchFinding(`Resource::arn:` + part + `:s3:::[a-z0-9-]+plicationbucket[0-9a-f]+\/\*`), // a shortened name, in other regions
	}}
	projectWildcards = acceptance{"the log and the reports of one CodeBuild project have parts that CodeBuild names", []any{
		construct.MatchFinding(`Resource::arn:` + part + `:logs:` + part + `:` + part + `:log-group:\/aws\/codebuild\/<\w+>:\*`),
		construct.MatchFinding(`Resource::arn:` + part + `:codebuild:` + part + `:` + part + `:report-group\/<\w+>-\*`),
	}}
	replicaWildcards = acceptance{"an override in the template names the keys in other regions by their aliases, and cdk-nag reads the CDK's grant before it", []any{
		"Resource::*",
	}}
	mutationWildcards = acceptance{"the pipeline updates itself: it describes stacks and assumes the CDK's bootstrap roles, which a condition names by tag", []any{
		"Resource::*",
		construct.MatchFinding(`Resource::arn:\*:iam::` + part + `:role\/\*`),
	}}
	assetWildcards = acceptance{"the projects that upload assets come and go: their role covers the logs, the reports and the builds of this account's projects", []any{
		"Resource::*",
		construct.MatchFinding(`Resource::arn:` + part + `:logs:` + part + `:` + part + `:log-group:\/aws\/codebuild\/\*`),
		construct.MatchFinding(`Resource::arn:` + part + `:codebuild:` + part + `:` + part + `:report-group\/\*`),
	}}
)

// acceptPolicies accepts the wildcards in the policies that CDK Pipelines makes.
func acceptPolicies(pipeline pipelines.CodePipeline, steps []awsiam.Role) {
	sourceRole := findChild(pipeline.Pipeline(), "Source", sourceAction, "CodePipelineActionRole")
	acceptPolicy(pipeline.Pipeline().Role(), artifactWildcards)
	if len(*pipeline.Pipeline().CrossRegionSupport()) > 0 {
		acceptPolicy(pipeline.Pipeline().Role(), replicaWildcards)
	}
	acceptPolicy(sourceRole, artifactWildcards)
	acceptPolicy(pipeline.SynthProject().Role(), artifactWildcards, projectWildcards)
	acceptPolicy(pipeline.SelfMutationProject().Role(), artifactWildcards, projectWildcards, mutationWildcards)
	acceptPolicy(findChild(pipeline, "Assets", "FileRole"), artifactWildcards, assetWildcards)
	for _, role := range steps {
		acceptPolicy(role, artifactWildcards, projectWildcards)
	}
}

func acceptPolicy(role constructs.IConstruct, accepted ...acceptance) {
	policy := findChild(role, "DefaultPolicy")
	for _, a := range accepted {
		construct.AcceptFinding(policy, construct.NagWildcard, a.reason, a.findings...)
	}
}

// findChild returns a construct of the CDK's by its path. It panics when the CDK
// changes the path.
func findChild(node constructs.IConstruct, path ...string) constructs.IConstruct {
	for _, name := range path {
		node = node.Node().FindChild(jsii.String(name))
	}
	return node
}

// dependOnPolicy reduces the pipeline's DependsOn to its role's policy. The CDK
// names the role, too, which the role's ARN implies; cfn-lint reports that as
// W3005.
func dependOnPolicy(stack awscdk.Stack, pipeline awscodepipeline.Pipeline) {
	var policy awsiam.CfnPolicy
	jsii.UnsafeCast(findChild(pipeline.Role(), "DefaultPolicy").Node().DefaultChild(), &policy)
	var resource awscodepipeline.CfnPipeline
	jsii.UnsafeCast(pipeline.Node().DefaultChild(), &resource)
	resource.AddOverride(jsii.String("DependsOn"), []*string{stack.GetLogicalId(policy)})
}

// useConnection lets the pipeline use its connection under the service's new
// name: the CDK's policy has only the old one.
// https://docs.aws.amazon.com/dtconsole/latest/userguide/rename.html
func useConnection(pipeline pipelines.CodePipeline, source config.PipelineSource) {
	if source.ConnectionARN == "" {
		return
	}
	var role awsiam.Role
	jsii.UnsafeCast(findChild(pipeline.Pipeline(), "Source", sourceAction, "CodePipelineActionRole"), &role)
	role.AddToPolicy(construct.AllowStatement(jsii.String(source.ConnectionARN), "codeconnections:UseConnection"))
}

// restrictKeys narrows what the pipeline's role may do with the keys of other
// regions' artifacts. The CDK has only aliases of these keys, and so its grant covers
// every key; a condition on the aliases restricts it. Call it after all grants.
// https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
func restrictKeys(stack awscdk.Stack, pipeline awscodepipeline.Pipeline) {
	support := *pipeline.CrossRegionSupport()
	if len(support) == 0 {
		return
	}
	var keys []string
	var aliases []*string
	for _, region := range slices.Sorted(maps.Keys(support)) {
		var alias awskms.IAlias
		jsii.UnsafeCast(support[region].ReplicationBucket.EncryptionKey(), &alias)
		aliases = append(aliases, alias.AliasName())
		keys = append(keys, *stack.FormatArn(&awscdk.ArnComponents{
			Service: jsii.String("kms"), Region: jsii.String(region), Resource: jsii.String("key"), ResourceName: jsii.String("*"),
		}))
	}
	var policy awsiam.CfnPolicy
	jsii.UnsafeCast(findChild(pipeline.Role(), "DefaultPolicy").Node().DefaultChild(), &policy)
	document, _ := stack.Resolve(policy.PolicyDocument()).(map[string]any)
	granted, _ := document["Statement"].([]any)
	var statements []any
	for _, value := range granted {
		statement, _ := value.(map[string]any)
		resources, _ := statement["Resource"].([]any)
		every := slices.Index(resources, any("*"))
		if every < 0 {
			statements = append(statements, statement)
			continue
		}
		named := maps.Clone(statement)
		named["Resource"] = slices.Delete(slices.Clone(resources), every, every+1)
		replicas := maps.Clone(statement)
		replicas["Resource"] = keys
		replicas["Condition"] = map[string]any{"ForAnyValue:StringEquals": map[string]any{"kms:ResourceAliases": aliases}}
		statements = append(statements, named, replicas)
	}
	policy.AddPropertyOverride(jsii.String("PolicyDocument.Statement"), statements)
}

// sourceServices are the services that send the account of the resource for which
// they assume a role.
//   - https://docs.aws.amazon.com/codebuild/latest/userguide/cross-service-confused-deputy-prevention.html
//   - https://docs.aws.amazon.com/codedeploy/latest/userguide/cross-service-confused-deputy-prevention.html
//   - https://docs.aws.amazon.com/codepipeline/latest/userguide/cross-service-confused-deputy-prevention.html
//   - https://docs.aws.amazon.com/eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html
var sourceServices = []any{"codebuild.amazonaws.com", "codedeploy.amazonaws.com", "codepipeline.amazonaws.com", "events.amazonaws.com"}

// notifyingServices are the services whose statements in the policies of a topic and
// its key the CDK writes, without a condition.
// https://docs.aws.amazon.com/dtconsole/latest/userguide/set-up-sns.html
var notifyingServices = []any{"codestar-notifications.amazonaws.com"}

// restrictTrust lets services assume the stack's roles, and use its topics and their
// keys, for this account's resources only. It covers the policies that the CDK makes by
// itself.
func restrictTrust(stack awscdk.Stack) {
	for _, resource := range construct.Resources(stack, "AWS::IAM::Role") {
		var role awsiam.CfnRole
		jsii.UnsafeCast(resource, &role)
		restrictServices(stack, role, "AssumeRolePolicyDocument", role.AssumeRolePolicyDocument(), sourceServices)
	}
	for _, resource := range construct.Resources(stack, "AWS::SNS::TopicPolicy") {
		var policy awssns.CfnTopicPolicy
		jsii.UnsafeCast(resource, &policy)
		restrictServices(stack, policy, "PolicyDocument", policy.PolicyDocument(), notifyingServices)
	}
	for _, resource := range construct.Resources(stack, "AWS::KMS::Key") {
		var key awskms.CfnKey
		jsii.UnsafeCast(resource, &key)
		restrictServices(stack, key, "KeyPolicy", key.KeyPolicy(), notifyingServices)
	}
}

// restrictServices adds the condition to the statements of services in a policy.
func restrictServices(stack awscdk.Stack, resource awscdk.CfnResource, property string, policy any, services []any) {
	document, _ := stack.Resolve(policy).(map[string]any)
	statements, _ := document["Statement"].([]any)
	for i, value := range statements {
		statement, _ := value.(map[string]any)
		principal, _ := statement["Principal"].(map[string]any)
		if slices.Contains(services, principal["Service"]) {
			resource.AddPropertyOverride(jsii.String(property+".Statement."+strconv.Itoa(i)+".Condition"), construct.SourceAccount(stack))
		}
	}
}
