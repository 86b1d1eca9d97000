package construct

import (
	"maps"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/internal/release"
)

// Optional returns nil for "", which the CDK reads as absent.
func Optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// number returns nil for 0, which the CDK reads as absent.
func number(value int) *float64 {
	if value == 0 {
		return nil
	}
	return jsii.Number(value)
}

// Texts returns a map with the pointers that jsii requires.
func Texts(values map[string]string) *map[string]*string {
	pointers := make(map[string]*string, len(values))
	for key, value := range values {
		pointers[key] = &value
	}
	return &pointers
}

// Tag adds tags to a construct and all constructs below it.
func Tag(scope constructs.IConstruct, tags map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		awscdk.Tags_Of(scope).Add(jsii.String(name), jsii.String(tags[name]), nil)
	}
}

// Output adds an output to the stack.
func Output(stack awscdk.Stack, id, description, value string) {
	awscdk.NewCfnOutput(stack, jsii.String(id), &awscdk.CfnOutputProps{
		Description: jsii.String(description),
		Value:       jsii.String(value),
	})
}

// OutputVersion adds the output with the version of this app. A release alone changes
// it.
func OutputVersion(stack awscdk.Stack) {
	Output(stack, "Version", "Version of this app, and of the field version in the functions' logs", release.Version)
}

// SetTarget sets the target of a rule. The module `awseventstargets` would do so, too,
// but it makes the app compile the modules of eight other services.
func SetTarget(rule awsevents.Rule, target *awsevents.CfnRule_TargetProperty) {
	var resource awsevents.CfnRule
	jsii.UnsafeCast(rule.Node().DefaultChild(), &resource)
	resource.SetTargets(&[]any{target})
}

// Warn adds a warning that an operator can acknowledge by its id.
func Warn(scope constructs.IConstruct, id, text string) {
	awscdk.Annotations_Of(scope).AddWarningV2(jsii.String("defog:"+id), jsii.String(text))
}

// uniquePart returns the end of the stack's id, which no other stack ever has.
func uniquePart(scope constructs.Construct) *string {
	return awscdk.Fn_Select(jsii.Number(2), awscdk.Fn_Split(jsii.String("/"), awscdk.Stack_Of(scope).StackId(), nil))
}

// descendants lists a scope and all constructs below it.
func descendants(scope constructs.IConstruct) []constructs.IConstruct {
	return *scope.Node().FindAll(constructs.ConstructOrder_PREORDER)
}

// Resources lists the CloudFormation resources of a type in a scope.
func Resources(scope constructs.IConstruct, resourceType string) (found []awscdk.CfnResource) {
	for _, node := range descendants(scope) {
		if !*awscdk.CfnResource_IsCfnResource(node) {
			continue
		}
		var resource awscdk.CfnResource
		jsii.UnsafeCast(node, &resource)
		if *resource.CfnResourceType() == resourceType {
			found = append(found, resource)
		}
	}
	return found
}

// DropRoleDependencies removes DependsOn from the scope's functions. The CDK adds
// the role there, which the role's ARN implies already; cfn-lint reports that as
// W3005. Only for stacks whose functions depend on nothing else.
func DropRoleDependencies(scope constructs.IConstruct) {
	for _, function := range Resources(scope, "AWS::Lambda::Function") {
		function.AddDeletionOverride(jsii.String("DependsOn"))
	}
}
