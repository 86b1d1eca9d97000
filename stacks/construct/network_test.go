package construct_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/stacks/artifact"
	"defog-cdk/stacks/stacktest"
	"defog-cdk/stacks/stacktest/settings"
)

const (
	privateSubnet  = "Private"
	isolatedSubnet = "Isolated"
	publicSubnet   = "Public"
)

// lookedUp makes the stack in a VPC with one subnet of each of the types, as
// the CDK CLI would have found them.
func lookedUp(t *testing.T, types ...string) (awscdk.Stack, error) {
	t.Helper()
	var groups []any
	for _, kind := range types {
		groups = append(groups, map[string]any{"name": kind, "type": kind, "subnets": []any{
			map[string]any{"subnetId": "subnet-" + kind, "availabilityZone": "eu-west-1a", "routeTableId": "rtb-" + kind, "cidr": "10.0.0.0/24"},
		}})
	}
	conf := settings.Query(t, map[string]any{"vpc_id": "vpc-0123456789abcdef0"})
	return stacktest.Stack(t, conf, stacktest.Setup{Environment: artifact.Environment{Account: "123456789012", Region: "eu-west-1"}, Context: map[string]any{
		"vpc-provider:account=123456789012:filter.vpc-id=vpc-0123456789abcdef0:region=eu-west-1:returnAsymmetricSubnets=true": map[string]any{
			"vpcId": "vpc-0123456789abcdef0", "vpcCidrBlock": "10.0.0.0/16", "availabilityZones": []any{}, "subnetGroups": groups,
		},
	}})
}

func TestFunctionRunsInNamedSubnets(t *testing.T) {
	stack, err := stacktest.Stack(t, settings.Query(t, settings.InSubnets()), stacktest.Setup{})
	if err != nil {
		t.Fatal(err)
	}
	assertions.Template_FromStack(stack, nil).HasResourceProperties(jsii.String("AWS::Lambda::Function"), map[string]any{
		"VpcConfig": map[string]any{"SubnetIds": []string{"subnet-0123456789abcdef0"}, "SecurityGroupIds": []string{"sg-0123456789abcdef0"}},
	})
	if !*awscdk.Token_IsUnresolved(stack.Account()) {
		t.Error("the stack is tied to an account")
	}
	notes := assertions.Annotations_FromStack(stack)
	notes.HasInfo(jsii.String("*"), assertions.Match_StringLikeRegexp(jsii.String("NAT gateway")))
}

func TestFunctionRunsInPrivateSubnetsOfVPC(t *testing.T) {
	for name, test := range map[string]struct {
		types  []string
		want   string
		warned bool
	}{
		"with a way out":    {[]string{publicSubnet, privateSubnet, isolatedSubnet}, "subnet-Private", false},
		"without a way out": {[]string{publicSubnet, isolatedSubnet}, "subnet-Isolated", true},
	} {
		t.Run(name, func(t *testing.T) {
			stack, err := lookedUp(t, test.types...)
			if err != nil {
				t.Fatal(err)
			}
			made := assertions.Template_FromStack(stack, nil)
			groups := slices.Collect(maps.Keys(*made.FindResources(jsii.String("AWS::EC2::SecurityGroup"), nil)))
			if len(groups) != 1 {
				t.Fatalf("security groups %v", groups)
			}
			made.HasResourceProperties(jsii.String("AWS::EC2::SecurityGroup"), map[string]any{
				"VpcId": "vpc-0123456789abcdef0", "SecurityGroupIngress": assertions.Match_Absent(),
			})
			made.HasResourceProperties(jsii.String("AWS::Lambda::Function"), map[string]any{"VpcConfig": map[string]any{
				"SubnetIds":        []string{test.want},
				"SecurityGroupIds": []any{map[string]any{"Fn::GetAtt": []string{groups[0], "GroupId"}}},
			}})
			if got := slices.Contains(stacktest.Warnings(stack), "defog:no-way-out"); got != test.warned {
				t.Errorf("warned: %t", got)
			}
		})
	}
}

func TestUnusableVPCIsAnError(t *testing.T) {
	unknown := settings.Query(t, map[string]any{"vpc_id": "vpc-0123456789abcdef0"})
	_, noAccount := stacktest.Stack(t, unknown, stacktest.Setup{})
	_, onlyPublic := lookedUp(t, publicSubnet)
	for want, err := range map[string]error{"credentials": noAccount, "only public subnets": onlyPublic} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
