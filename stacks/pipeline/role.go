package pipeline

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscodepipeline"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
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

// Acceptances by the purpose of the wildcards.
var (
	artifactWildcards = acceptance{"the CDK's grants cover the objects of the artifact buckets and their keys, with several actions of one kind", []any{
		"Action::kms:GenerateDataKey*", "Action::kms:ReEncrypt*",
		"Action::s3:Abort*", "Action::s3:DeleteObject*", "Action::s3:GetBucket*", "Action::s3:GetObject*", "Action::s3:List*",
		construct.MatchFinding(`Resource::<ArtifactsBucket[0-9A-F]{8}\.Arn>\/\*`),
		construct.MatchFinding(`Resource::arn:[^:]+:s3:::[a-z0-9-]+plicationbucket[0-9a-f]+\/\*`), // a shortened name, in other regions
	}}
	projectWildcards = acceptance{"the log and the reports of one CodeBuild project have parts that CodeBuild names", []any{
		construct.MatchFinding(`Resource::arn:[^:]+:logs:[^:]+:[^:]+:log-group:\/aws\/codebuild\/<\w+>:\*`),
		construct.MatchFinding(`Resource::arn:[^:]+:codebuild:[^:]+:[^:]+:report-group\/<\w+>-\*`),
	}}
	replicaWildcards = acceptance{"the CDK has only aliases of the keys in other regions, so its grant covers every key, and their own policies restrict it", []any{
		"Resource::*",
	}}
	mutationWildcards = acceptance{"the pipeline updates itself: it describes stacks and assumes the CDK's bootstrap roles, which a condition names by tag", []any{
		"Resource::*",
		construct.MatchFinding(`Resource::arn:\*:iam::[^:]+:role\/\*`),
	}}
	assetWildcards = acceptance{"the projects that upload assets come and go: their role covers the logs, the reports and the builds of this account's projects", []any{
		"Resource::*",
		construct.MatchFinding(`Resource::arn:[^:]+:logs:[^:]+:[^:]+:log-group:\/aws\/codebuild\/\*`),
		construct.MatchFinding(`Resource::arn:[^:]+:codebuild:[^:]+:[^:]+:report-group\/\*`),
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
