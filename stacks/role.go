package stacks

import (
	"cmp"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
)

// newRole makes the function's role, or takes the operator's as it is. What it
// allows is part of it, so that there is never a function whose role may not
// yet do its work, and no construct can add to it later.
func newRole(scope constructs.Construct, inputs *Inputs, needs []awsiam.PolicyStatement) awsiam.IRole {
	conf := inputs.Config
	if !conf.ManageIAMRole {
		return awsiam.Role_FromRoleArn(scope, jsii.String("Role"), jsii.String(conf.IAMRoleARN), &awsiam.FromRoleArnOptions{Mutable: jsii.Bool(false)})
	}
	policies := map[string]awsiam.PolicyDocument{}
	if conf.AutogenPolicy {
		policies[policyName(conf)] = awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &needs})
	}
	for _, policy := range inputs.Policies {
		policies[policy.setting] = awsiam.PolicyDocument_FromJson(policy.document)
	}
	var managed []awsiam.IManagedPolicy
	for i, arn := range conf.RolePolicyARNs {
		managed = append(managed, awsiam.ManagedPolicy_FromManagedPolicyArn(scope, jsii.Sprintf("Policy%d", i), jsii.String(arn)))
	}
	role := awsiam.NewRole(scope, jsii.String("Role"), &awsiam.RoleProps{
		AssumedBy:       awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil),
		RoleName:        optional(conf.RoleName),
		Description:     jsii.String(cmp.Or(conf.RoleDescription, "What the "+kindOf(conf)+" of "+conf.StackName()+" may do")),
		InlinePolicies:  &policies,
		ManagedPolicies: &managed,
	})
	if conf.RoleAssumePolicy != nil {
		var resource awsiam.CfnRole
		jsii.UnsafeCast(role.Node().DefaultChild(), &resource)
		resource.SetAssumeRolePolicyDocument(conf.RoleAssumePolicy)
	}
	tag(role, conf.RoleTags)
	explainRole(role, conf)
	return role.WithoutPolicyUpdates(nil)
}

// policyName is the name of the policy with what the function needs.
func policyName(conf config.Config) string {
	if conf.CustomFunction() {
		return "Function"
	}
	return "Query"
}

// explainRole gives cdk-nag the reasons for what is wide in the role.
func explainRole(role awsiam.Role, conf config.Config) {
	var wide []string
	if conf.AutogenPolicy && inVPC(conf) {
		wide = append(wide, "Lambda wants its network permissions on all resources; they are denied to the function's own code")
	}
	if conf.AutogenPolicy && conf.XRay {
		wide = append(wide, "X-Ray's actions to write traces know no resources")
	}
	if conf.AutogenPolicy && conf.ResultsBucket != "" {
		wide = append(wide, "each stored answer is an object of its own, below the stack's name in results_bucket")
	}
	if conf.AutogenPolicy && throughProfile(conf) {
		wide = append(wide, "an inference profile asks its model in regions of its own choice; the model may be asked through that profile alone")
	}
	if conf.AutogenPolicy && conf.CustomFunction() && conf.TriggeredBy("S3") {
		wide = append(wide, "objects below function_s3_input and function_s3_output have any name")
	}
	if conf.IAMPolicyFile != "" || conf.RolePolicy != nil {
		wide = append(wide, "the operator's own policy, from iam_policy_file or function_role_policy_document, allows what it says")
	}
	if len(wide) > 0 {
		acceptFinding(role, "AwsSolutions-IAM5", strings.Join(wide, "; "))
	}
	if len(conf.RolePolicyARNs) > 0 {
		acceptFinding(role, "AwsSolutions-IAM4", "the operator named the policies in function_role_policy_arns")
	}
}

func allow(resource *string, actions ...string) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:   jsii.Strings(actions...),
		Resources: &[]*string{resource},
	})
}

// secretARN is the ARN of a secret given by ARN or by name. Secrets Manager
// ends each ARN with a hyphen and six characters of its own.
func secretARN(stack awscdk.Stack, secret string) *string {
	if strings.HasPrefix(secret, "arn:") {
		return jsii.String(secret)
	}
	return stack.FormatArn(&awscdk.ArnComponents{
		Service:      jsii.String("secretsmanager"),
		Resource:     jsii.String("secret"),
		ResourceName: jsii.String(secret + "-??????"),
		ArnFormat:    awscdk.ArnFormat_COLON_RESOURCE_NAME,
	})
}

// optional is a text as the CDK takes one that may be left out.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
