package construct

import (
	"errors"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
	"defog-cdk/stacks/artifact"
)

// Network is where in a VPC a function runs: in a VPC, or in subnets and security
// groups by their ids. nil means no VPC.
type Network struct {
	VPC            awsec2.IVpc
	Subnets        *awsec2.SubnetSelection // default: the CDK's choice, private ones
	SecurityGroups []awsec2.ISecurityGroup // default: the CDK makes one

	SubnetIDs, SecurityGroupIDs []string
}

// NetworkSettings name an existing network. Subnets and security groups by their
// ids keep the stack free of any account; a VPC is looked up in the account.
type NetworkSettings struct {
	VPCID                       string
	SubnetIDs, SecurityGroupIDs []string
}

// NetworkSettingsOf returns the network's part of the settings.
func NetworkSettingsOf(s config.Settings) NetworkSettings {
	return NetworkSettings{VPCID: s.VPCID, SubnetIDs: s.SubnetIDs, SecurityGroupIDs: s.SecurityGroupIDs}
}

// NetworkProps are the properties of a network.
type NetworkProps struct {
	NetworkSettings
	Environment artifact.Environment
	Function    string // "query function of defog-dev", in the security group's description
	Internet    string // what the function reaches on the internet
	Endpoints   string // the services that VPC endpoints can serve
}

// NewNetwork returns the network of the settings, nil for none. For a VPC it
// makes a security group under the id, and selects private subnets.
func NewNetwork(scope constructs.Construct, id string, props NetworkProps) (*Network, error) {
	switch {
	case props.VPCID != "" && (props.Environment.Account == "" || props.Environment.Region == ""):
		return nil, errors.New("vpc_id: the CDK CLI found no credentials for the account, where the VPC is looked up; " +
			"want credentials, or subnet_ids and security_group_ids instead")
	case props.VPCID != "":
		return lookUpNetwork(scope, id, props)
	case len(props.SubnetIDs) > 0:
		awscdk.Annotations_Of(scope).AddInfoV2(jsii.String("defog:network"), jsii.String(
			"The function runs in subnet_ids, whose routes synth cannot read. "+props.routes()))
		return &Network{SubnetIDs: props.SubnetIDs, SecurityGroupIDs: props.SecurityGroupIDs}, nil
	}
	return nil, nil
}

// Environment ties a stack to an environment where the lookup of a VPC requires
// one; nil leaves the stack free.
func (s NetworkSettings) Environment(environment artifact.Environment) *awscdk.Environment {
	if s.VPCID == "" {
		return nil
	}
	return CDKEnvironment(environment)
}

// CDKEnvironment returns the environment of a stack, nil if it is unknown.
func CDKEnvironment(environment artifact.Environment) *awscdk.Environment {
	if environment == (artifact.Environment{}) {
		return nil
	}
	return &awscdk.Environment{Account: Optional(environment.Account), Region: Optional(environment.Region)}
}

// routes states the routes that the subnets require: a function in a VPC has no
// public address, not even in a public subnet.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc-internet.html
func (p NetworkProps) routes() string {
	return "To reach " + p.Internet + ", they require a route to a NAT gateway; VPC endpoints can serve " + p.Endpoints + " instead."
}

func lookUpNetwork(scope constructs.Construct, id string, props NetworkProps) (*Network, error) {
	vpc := awsec2.Vpc_FromLookup(scope, jsii.String("Vpc"), &awsec2.VpcLookupOptions{VpcId: jsii.String(props.VPCID)})
	kind := awsec2.SubnetType_PRIVATE_WITH_EGRESS
	if len(*vpc.PrivateSubnets()) == 0 {
		if len(*vpc.IsolatedSubnets()) == 0 {
			return nil, errors.New("vpc_id: has only public subnets, where functions reach nothing; want private subnets with a NAT gateway")
		}
		kind = awsec2.SubnetType_PRIVATE_ISOLATED
		Warn(scope, "no-way-out", "No subnet of vpc_id has a route to a NAT gateway, so the function does not reach "+props.Internet+". "+props.routes())
	}
	group := awsec2.NewSecurityGroup(scope, jsii.String(id), &awsec2.SecurityGroupProps{
		Vpc:         vpc,
		Description: jsii.String("The " + props.Function + ": lets nothing in"), // another text replaces a deployed group
	})
	return &Network{VPC: vpc, Subnets: &awsec2.SubnetSelection{SubnetType: kind}, SecurityGroups: []awsec2.ISecurityGroup{group}}, nil
}

// networkPermissions let Lambda make the function's network interfaces, and deny
// the same to the function's code. Some of these actions support no resources;
// Lambda requires the others for all interfaces.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
func networkPermissions(stack awscdk.Stack) []Permission {
	actions := []string{
		"ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface",
		"ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
	}
	everything := jsii.String("*")
	return []Permission{
		AllowWildcard("Lambda requires its network permissions on all resources; they are denied to the function's code", everything, actions...),
		{Statement: awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
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
		})},
	}
}
