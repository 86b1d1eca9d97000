package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// acceptFinding records in the template why a finding of cdk-nag does not hold
// for a construct. It writes the metadata that cdk-nag reads, so that only the
// tests load cdk-nag.
// https://github.com/cdklabs/cdk-nag#suppressing-a-rule
func acceptFinding(construct constructs.IConstruct, rule, reason string) {
	var resource awscdk.CfnResource
	jsii.UnsafeCast(construct.Node().DefaultChild(), &resource)
	nag, _ := resource.GetMetadata(jsii.String("cdk_nag")).(map[string]any)
	rules, _ := nag["rules_to_suppress"].([]any)
	resource.AddMetadata(jsii.String("cdk_nag"), map[string]any{
		"rules_to_suppress": append(rules, map[string]string{"id": rule, "reason": reason}),
	})
}
