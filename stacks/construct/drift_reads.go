package construct

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsroute53"
	"github.com/aws/jsii-runtime-go"
)

// driftRead holds the rights to read resources of one type.
type driftRead struct {
	resourceType string
	actions      string // separated by blanks

	// ARNs, separated by blanks. {ref} is what Ref returns, and {arn} the attribute Arn.
	// "*" is for actions without a narrower form.
	resources string
}

// Prefixes of ARNs.
const (
	lambdaARN     = "arn:{partition}:lambda:{region}:{account}:"
	logsARN       = "arn:{partition}:logs:{region}:{account}:"
	cloudWatchARN = "arn:{partition}:cloudwatch:"
	codeDeployARN = "arn:{partition}:codedeploy:{region}:{account}:"
	apiARN        = "arn:{partition}:apigateway:{region}::"
)

// driftReadTable holds the rights that the read handlers of CloudFormation's resource
// types require, by their schemas, and the ARNs by the service authorization reference.
// Rights on a function include those on its versions, aliases and policies; rights on an
// API include all its parts. .ci/drift.py compares the table with the schemas.
//
// https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
// https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
var driftReadTable = []driftRead{
	{"AWS::ApiGatewayV2::Api", "apigateway:GET", apiARN + "/apis/{ref} " + apiARN + "/apis/{ref}/*"},
	{"AWS::ApiGatewayV2::DomainName", "apigateway:GET", apiARN + "/domainnames/{ref} " + apiARN + "/domainnames/{ref}/*"},
	{"AWS::Budgets::Budget", "budgets:ViewBudget budgets:ListTagsForResource", "arn:{partition}:budgets::{account}:budget/{ref}"},
	{"AWS::Budgets::Budget", "billing:GetBillingViewData", "arn:{partition}:billing::{account}:billingview/primary"},
	{"AWS::CloudWatch::Alarm", "cloudwatch:DescribeAlarms cloudwatch:ListTagsForResource", cloudWatchARN + "{region}:{account}:alarm:{ref}"},
	{"AWS::CloudWatch::Dashboard", "cloudwatch:GetDashboard cloudwatch:ListTagsForResource", cloudWatchARN + ":{account}:dashboard/{ref}"},
	{"AWS::CodeDeploy::Application", "codedeploy:GetApplication codedeploy:ListTagsForResource", codeDeployARN + "application:{ref}"},
	{"AWS::CodeDeploy::Application", "codedeploy:GetDeploymentGroup codedeploy:ListTagsForResource codedeploy:ListDeployments codedeploy:GetDeployment",
		codeDeployARN + "deploymentgroup:{ref}/*"},
	{"AWS::CodeDeploy::DeploymentConfig", "codedeploy:GetDeploymentConfig", codeDeployARN + "deploymentconfig:{ref}"},
	{"AWS::DynamoDB::Table", "dynamodb:DescribeTable dynamodb:DescribeContinuousBackups dynamodb:DescribeContributorInsights " +
		"dynamodb:DescribeKinesisStreamingDestination dynamodb:ListTagsOfResource dynamodb:GetResourcePolicy dynamodb:DescribeTimeToLive", "{arn}"},
	{"AWS::EC2::SecurityGroup", "ec2:DescribeSecurityGroups", "*"},
	{"AWS::Events::Rule", "events:DescribeRule events:ListTargetsByRule events:ListTagsForResource", "{arn}"},
	{"AWS::IAM::Role", "iam:GetRole iam:ListAttachedRolePolicies iam:ListRolePolicies iam:GetRolePolicy", "{arn}"},
	{"AWS::KMS::Key", "kms:DescribeKey kms:GetKeyPolicy kms:GetKeyRotationStatus kms:ListResourceTags", "{arn}"},
	{"AWS::Lambda::EventSourceMapping", "lambda:GetEventSourceMapping lambda:ListTags", lambdaARN + "event-source-mapping:{ref}"},
	{"AWS::Lambda::Function", "lambda:GetFunction lambda:GetFunctionCodeSigningConfig lambda:GetFunctionRecursionConfig lambda:GetRuntimeManagementConfig " +
		"lambda:GetFunctionScalingConfig lambda:GetFunctionConfiguration lambda:GetProvisionedConcurrencyConfig lambda:GetAlias lambda:GetPolicy " +
		"lambda:GetFunctionEventInvokeConfig", "{arn} {arn}:*"},
	{"AWS::Lambda::LayerVersion", "lambda:GetLayerVersion", "{ref}"},
	{"AWS::Logs::LogGroup", "logs:ListTagsForResource logs:GetDataProtectionPolicy", logsARN + "log-group:{ref} " + logsARN + "log-group:{ref}:*"},
	{"AWS::Logs::LogGroup", "logs:DescribeLogGroups logs:DescribeIndexPolicies logs:DescribeResourcePolicies", "*"},
	{"AWS::Logs::QueryDefinition", "logs:DescribeQueryDefinitions", "*"},
	{"AWS::Route53::RecordSet", "route53:ListResourceRecordSets route53:GetHostedZone", "arn:{partition}:route53:::hostedzone/{zone}"},
	{"AWS::Route53::RecordSet", "route53:ListHostedZones", "*"},
	{"AWS::S3::Bucket", "s3:GetAccelerateConfiguration s3:GetLifecycleConfiguration s3:GetBucketPublicAccessBlock s3:GetAnalyticsConfiguration s3:GetBucketCORS " +
		"s3:GetEncryptionConfiguration s3:GetInventoryConfiguration s3:GetBucketLogging s3:GetMetricsConfiguration s3:GetBucketNotification s3:GetBucketVersioning " +
		"s3:GetReplicationConfiguration s3:GetBucketWebsite s3:GetBucketObjectLockConfiguration s3:GetBucketTagging s3:ListTagsForResource s3:GetBucketAbac " +
		"s3:GetBucketOwnershipControls s3:GetIntelligentTieringConfiguration s3:GetBucketMetadataTableConfiguration s3:ListBucket s3:GetBucketPolicy", "{arn}"},
	{"AWS::Scheduler::Schedule", "scheduler:GetSchedule", "{arn}"},
	{"AWS::StepFunctions::StateMachine", "states:DescribeStateMachine states:ListTagsForResource", "{ref}"},
	{"AWS::SNS::Subscription", "sns:GetSubscriptionAttributes", "*"},
	{"AWS::SNS::Topic", "sns:GetTopicAttributes sns:ListTagsForResource sns:ListSubscriptionsByTopic sns:GetDataProtectionPolicy", "{ref}"},
	{"AWS::SQS::Queue", "sqs:GetQueueAttributes sqs:ListQueueTags", "{arn}"},
}

// driftReads returns the rights to read each resource of the stack.
func driftReads(stack awscdk.Stack) (permissions []Permission) {
	for _, read := range driftReadTable {
		var arns []*string
		for _, resource := range Resources(stack, read.resourceType) {
			arns = append(arns, read.arns(stack, resource)...)
		}
		if len(arns) == 0 {
			continue
		}
		permission := Permission{Statement: awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Actions: jsii.Strings(strings.Fields(read.actions)...), Resources: &arns,
		})}
		if strings.Contains(read.resources, "*") {
			permission.Wildcard = "the parts of a resource, or an action without a narrower form; all actions read"
		}
		permissions = append(permissions, permission)
	}
	return permissions
}

// arns returns the ARNs of a resource.
func (r driftRead) arns(stack awscdk.Stack, resource awscdk.CfnResource) (arns []*string) {
	if r.resources == "*" {
		return []*string{jsii.String("*")}
	}
	replacements := []string{
		"{partition}", *stack.Partition(), "{region}", *stack.Region(), "{account}", *stack.Account(), "{ref}", *resource.Ref(),
	}
	if strings.Contains(r.resources, "{arn}") {
		replacements = append(replacements, "{arn}", *awscdk.Token_AsString(resource.GetAtt(jsii.String("Arn"), awscdk.ResolutionTypeHint_STRING), nil))
	}
	if strings.Contains(r.resources, "{zone}") {
		var record awsroute53.CfnRecordSet
		jsii.UnsafeCast(resource, &record)
		replacements = append(replacements, "{zone}", *record.HostedZoneId())
	}
	for arn := range strings.FieldsSeq(r.resources) {
		arns = append(arns, jsii.String(strings.NewReplacer(replacements...).Replace(arn)))
	}
	return arns
}
