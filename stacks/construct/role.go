package construct

import (
	"cmp"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
	"defog-cdk/stacks/artifact"
)

// RoleSettings are the operator's settings of a function's role. The zero value
// makes a role with what the function needs.
type RoleSettings struct {
	ExistingARN string // of a role that is used as it is; "" makes one

	Name, Description string // defaults: CloudFormation's and RoleProps.Description
	Tags              map[string]string
	TrustPolicy       map[string]any // default: Lambda may assume the role
	Policies          []artifact.Policy
	ManagedPolicyARNs []string

	OmitGeneratedPolicy bool // leaves RoleProps.Permissions out
}

// RoleSettingsOf returns the role's part of the settings.
func RoleSettingsOf(s config.Settings, policies []artifact.Policy) RoleSettings {
	settings := RoleSettings{
		Name: s.RoleName, Description: s.RoleDescription, Tags: s.RoleTags, TrustPolicy: s.RoleAssumePolicy,
		Policies: policies, ManagedPolicyARNs: s.RolePolicyARNs, OmitGeneratedPolicy: !s.AutogenPolicy,
	}
	if !s.ManageIAMRole {
		settings.ExistingARN = s.IAMRoleARN
	}
	return settings
}

// RoleProps are the properties of a function's role.
type RoleProps struct {
	RoleSettings
	Description string            // unless the settings have one
	Principal   awsiam.IPrincipal // that assumes the role; default: Lambda
	PolicyName  string            // of the policy with Permissions
	Permissions []Permission
}

// Permission is a statement of a role's policy.
type Permission struct {
	Statement awsiam.PolicyStatement
	Wildcard  string // why its actions or resources contain a star; "" if none does
}

// Allow returns the permission for actions on a resource.
func Allow(resource *string, actions ...string) Permission {
	return Permission{Statement: AllowStatement(resource, actions...)}
}

// AllowStatement returns a statement that allows actions on a resource.
func AllowStatement(resource *string, actions ...string) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:   jsii.Strings(actions...),
		Resources: &[]*string{resource},
	})
}

// AllowWildcard returns a permission with a star, for the reason given.
func AllowWildcard(reason string, resource *string, actions ...string) Permission {
	permission := Allow(resource, actions...)
	permission.Wildcard = reason
	return permission
}

// AllowLogs returns the permission to write a log group.
func AllowLogs(logs awslogs.ILogGroup) Permission {
	return Allow(logs.LogGroupArn(), "logs:CreateLogStream", "logs:PutLogEvents")
}

// NewRole makes the function's role, or returns the operator's unchanged. The
// policies are part of the role, so that no function exists without its
// permissions, and no construct can add any later.
func NewRole(scope constructs.Construct, id string, props RoleProps) awsiam.IRole {
	if props.ExistingARN != "" {
		return awsiam.Role_FromRoleArn(scope, jsii.String(id), jsii.String(props.ExistingARN), &awsiam.FromRoleArnOptions{Mutable: jsii.Bool(false)})
	}
	policies := map[string]awsiam.PolicyDocument{}
	if !props.OmitGeneratedPolicy {
		statements := make([]awsiam.PolicyStatement, len(props.Permissions))
		for i, permission := range props.Permissions {
			statements[i] = permission.Statement
		}
		policies[props.PolicyName] = awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &statements})
	}
	for _, policy := range props.Policies {
		policies[policy.Setting] = awsiam.PolicyDocument_FromJson(policy.Document)
	}
	var managed []awsiam.IManagedPolicy
	for i, arn := range props.ManagedPolicyARNs {
		managed = append(managed, awsiam.ManagedPolicy_FromManagedPolicyArn(scope, jsii.Sprintf("Policy%d", i), jsii.String(arn)))
	}
	principal := props.Principal
	if principal == nil {
		principal = ServicePrincipal("lambda")
	}
	role := awsiam.NewRole(scope, jsii.String(id), &awsiam.RoleProps{
		AssumedBy:       principal,
		RoleName:        Optional(props.Name),
		Description:     jsii.String(cmp.Or(props.RoleSettings.Description, props.Description)),
		InlinePolicies:  &policies,
		ManagedPolicies: &managed,
	})
	var resource awsiam.CfnRole
	jsii.UnsafeCast(role.Node().DefaultChild(), &resource)
	switch {
	case props.TrustPolicy != nil:
		resource.SetAssumeRolePolicyDocument(props.TrustPolicy)
	case props.Principal == nil:
		resource.SetAssumeRolePolicyDocument(trustLambda())
	}
	Tag(role, props.Tags)
	acceptPolicies(role, props)
	return role.WithoutPolicyUpdates(nil)
}

// trust is a trust policy. Its JSON has this order of keys, which a map does not keep.
type trust struct {
	Version   string
	Statement []trustStatement
}

type trustStatement struct {
	Effect    string
	Principal map[string]string
	Action    string
}

// trustLambda lets Lambda assume the role, as AssumedBy does, too. PODPAC's client compares
// the statement as text, in this order: validate_role in podpac/core/managers/aws.py.
func trustLambda() trust {
	return trust{Version: "2012-10-17", Statement: []trustStatement{{
		Effect: "Allow", Principal: map[string]string{"Service": "lambda.amazonaws.com"}, Action: "sts:AssumeRole",
	}}}
}

// acceptPolicies accepts cdk-nag's findings on the role: the wildcards with a
// reason, and all that the operator named.
func acceptPolicies(role awsiam.Role, props RoleProps) {
	stack := awscdk.Stack_Of(role)
	for _, permission := range props.Permissions {
		if permission.Wildcard == "" || props.OmitGeneratedPolicy {
			continue
		}
		statement, _ := stack.Resolve(permission.Statement.ToStatementJson()).(map[string]any)
		AcceptFinding(role, NagWildcard, permission.Wildcard, wildcards(statement)...)
	}
	for _, policy := range props.Policies {
		statements, _ := policy.Document["Statement"].([]any)
		var accepted []any
		for _, statement := range statements {
			statement, _ := statement.(map[string]any)
			accepted = append(accepted, wildcards(statement)...)
		}
		if len(accepted) > 0 {
			AcceptFinding(role, NagWildcard, "the operator's policy in "+policy.Setting+" contains it", accepted...)
		}
	}
	var named []any
	for _, arn := range props.ManagedPolicyARNs {
		named = append(named, "Policy::"+arn)
	}
	if len(named) > 0 {
		AcceptFinding(role, NagManagedPolicy, "the operator named the policies in function_role_policy_arns", named...)
	}
}

// SecretARN returns the ARN of a secret given by ARN or by name. Secrets Manager
// appends a hyphen and six characters to each name.
func SecretARN(stack awscdk.Stack, secret string) *string {
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
