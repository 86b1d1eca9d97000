package stacks

import (
	"errors"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
)

// inVPC says whether the function runs in a VPC of the operator's.
func inVPC(conf config.Config) bool { return conf.VPCID != "" || len(conf.SubnetIDs) > 0 }

// newNetwork returns where in a VPC the function runs, or nil for nowhere.
//
// Subnets and security groups are taken by their ids, which keeps the stack free
// of any account. A VPC alone is looked up in the account: its private subnets
// are used, with a new security group that lets nothing in.
func newNetwork(scope constructs.Construct, inputs *Inputs) (*awslambda.CfnFunction_VpcConfigProperty, error) {
	conf := inputs.Config
	switch {
	case conf.VPCID != "" && (inputs.Account == "" || inputs.Region == ""):
		return nil, errors.New("vpc_id: is looked up in the account, and the CDK CLI found no credentials for one; " +
			"log in, or give subnet_ids and security_group_ids instead")
	case conf.VPCID != "":
		return lookUpNetwork(scope, conf)
	case len(conf.SubnetIDs) > 0:
		awscdk.Annotations_Of(scope).AddInfoV2(jsii.String("defog:network"), jsii.String(
			"The function runs in subnet_ids, which synth cannot look into. "+needsNetwork(conf)))
		return &awslambda.CfnFunction_VpcConfigProperty{
			SubnetIds:        jsii.Strings(conf.SubnetIDs...),
			SecurityGroupIds: jsii.Strings(conf.SecurityGroupIDs...),
		}, nil
	}
	return nil, nil
}

// lookupEnvironment ties the stack to an account where a lookup needs one; nil
// leaves it free.
func lookupEnvironment(inputs *Inputs) *awscdk.Environment {
	if inputs.Config.VPCID == "" {
		return nil
	}
	return inputs.environment()
}

// A function in a VPC has no public address, not even in a public subnet.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc-internet.html
func needsNetwork(conf config.Config) string {
	if conf.CustomFunction() {
		return "To reach the internet they must lead to a NAT gateway; S3, where the dependencies are, may have a VPC endpoint instead."
	}
	return "To reach the generator on the internet they must lead to a NAT gateway; " +
		"S3 and Secrets Manager may have VPC endpoints instead."
}

// kindOf says what is deployed.
func kindOf(conf config.Config) string {
	if conf.CustomFunction() {
		return "function"
	}
	return "query function"
}

func outside(conf config.Config) string {
	if conf.CustomFunction() {
		return "the internet"
	}
	return "a generator on the internet"
}

func lookUpNetwork(scope constructs.Construct, conf config.Config) (*awslambda.CfnFunction_VpcConfigProperty, error) {
	vpc := awsec2.Vpc_FromLookup(scope, jsii.String("Vpc"), &awsec2.VpcLookupOptions{VpcId: jsii.String(conf.VPCID)})
	kind := awsec2.SubnetType_PRIVATE_WITH_EGRESS
	if len(*vpc.PrivateSubnets()) == 0 {
		if len(*vpc.IsolatedSubnets()) == 0 {
			return nil, errors.New("vpc_id: has public subnets only, in which functions reach nothing; add private ones with a NAT gateway")
		}
		kind = awsec2.SubnetType_PRIVATE_ISOLATED
		awscdk.Annotations_Of(scope).AddWarningV2(jsii.String("defog:no-way-out"), jsii.String(
			"No subnet of vpc_id has a route to a NAT gateway, so the function has no way to "+outside(conf)+" that synth knows of. "+needsNetwork(conf)))
	}
	subnets := vpc.SelectSubnets(&awsec2.SubnetSelection{SubnetType: kind})
	group := awsec2.NewSecurityGroup(scope, jsii.String("SecurityGroup"), &awsec2.SecurityGroupProps{
		Vpc:         vpc,
		Description: jsii.Sprintf("The %s of %s: lets nothing in", kindOf(conf), conf.StackName()),
	})
	return &awslambda.CfnFunction_VpcConfigProperty{
		SubnetIds:        subnets.SubnetIds,
		SecurityGroupIds: &[]*string{group.SecurityGroupId()},
	}, nil
}

// networkStatements let Lambda make the function's network interfaces, and
// forbid the same to the function's own code. Some of these actions know no
// resources, and Lambda wants the others on all interfaces, of any id.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
func networkStatements(stack awscdk.Stack) []awsiam.PolicyStatement {
	actions := []string{
		"ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface",
		"ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
	}
	everything := jsii.String("*")
	return []awsiam.PolicyStatement{
		allow(everything, actions...),
		awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Effect:    awsiam.Effect_DENY,
			Actions:   jsii.Strings(actions...),
			Resources: &[]*string{everything},
			Conditions: &map[string]any{"ArnLike": map[string]any{
				"lambda:SourceFunctionArn": stack.FormatArn(&awscdk.ArnComponents{
					Service:      jsii.String("lambda"),
					Resource:     jsii.String("function"),
					ResourceName: jsii.String("*"),
					ArnFormat:    awscdk.ArnFormat_COLON_RESOURCE_NAME,
				}),
			}},
		}),
	}
}
