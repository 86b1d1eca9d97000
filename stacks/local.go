package stacks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3assets"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/internal/environ"
	"defog-cdk/stacks/artifact"
	"defog-cdk/stacks/construct"
	"defog-cdk/stacks/custom"
)

// This file is the only one about local AWS (MiniStack 1.5.33): adaptToLocalAWS
// changes a finished stack, after the constructs. One resource of an unsupported
// type would make the whole deployment fail.

// localAWS adapts one stack.
type localAWS struct {
	stack   awscdk.Stack
	skipped []string // descriptions, in order
	changed []string // what the stack has instead, in sentences
}

// adaptToLocalAWS removes from the stack what local AWS does not support, adapts
// what it supports otherwise, and adds a warning that lists both. A warning, for
// the CDK CLI prints no information beside warnings. artifacts is nil in a
// stack without a custom function.
func adaptToLocalAWS(ctx context.Context, stack awscdk.Stack, artifacts *artifact.Custom) error {
	l := &localAWS{stack: stack}
	l.removePipeline()
	l.removeBudget()
	l.removeDriftCheck()
	l.removeCanary()
	l.removeSavedQueries()
	l.removeDeadLetters(artifacts)
	l.removeEmptying()
	l.allowSessions()
	err := errors.Join(l.removeRateAlarms(), l.adaptHydration(ctx, artifacts))
	l.listPayloads()
	if err != nil {
		return fmt.Errorf("adapt %s to local AWS: %w", *stack.StackName(), err)
	}
	if len(l.skipped)+len(l.changed) == 0 {
		return nil
	}
	text := strings.Join(l.changed, " ")
	if len(l.skipped) > 0 {
		text = strings.TrimSpace("skipped: not supported by local AWS: " + strings.Join(l.skipped, "; ") + ". " + text)
	}
	construct.Warn(stack, "local-aws", text)
	return nil
}

func (l *localAWS) skip(description string) { l.skipped = append(l.skipped, description) }

// remove removes the construct that a resource belongs to.
func (l *localAWS) remove(resource awscdk.CfnResource) {
	var node constructs.IConstruct = resource
	if id := *resource.Node().Id(); id == "Resource" {
		node = resource.Node().Scope()
	}
	removeConstruct(node)
}

func removeConstruct(node constructs.IConstruct) {
	node.Node().Scope().Node().TryRemoveChild(node.Node().Id())
}

// removePipeline reports that the stack of a pipeline cannot be deployed.
func (l *localAWS) removePipeline() {
	if len(construct.Resources(l.stack, "AWS::CodePipeline::Pipeline")) > 0 {
		l.skip("the pipeline (AWS::CodePipeline)")
		l.changed = append(l.changed, "This stack cannot be deployed there, and its stages can: npx cdk deploy --app cdk.out/assembly-‹stage›.")
	}
}

func (l *localAWS) removeBudget() {
	if len(construct.Resources(l.stack, "AWS::Budgets::Budget")) == 0 {
		return
	}
	l.stack.Node().TryRemoveChild(jsii.String(construct.BudgetID))
	awscdk.Tags_Of(l.stack).Remove(jsii.String(construct.CostTag), &awscdk.TagProps{Priority: jsii.Number(300)})
	l.skip("the budget (AWS::Budgets)")
}

// removeDriftCheck removes the daily drift check: no schedule calls CloudFormation.
func (l *localAWS) removeDriftCheck() {
	if *l.stack.Node().TryRemoveChild(jsii.String(construct.DriftCheckID)) {
		l.skip("the daily drift check (AWS::Scheduler with a target of AWS's SDK)")
	}
}

// removeCanary removes CodeDeploy, its role and the alarm on requests. The alias
// then moves at once.
func (l *localAWS) removeCanary() {
	groups := construct.Resources(l.stack, "AWS::CodeDeploy::DeploymentGroup")
	for _, group := range groups {
		canary := group.Node().Scope()
		canary.Node().Scope().Node().TryRemoveChild(jsii.String(construct.ReleaseRoleID))
		removeConstruct(canary)
	}
	for _, resource := range construct.Resources(l.stack, "AWS::CodeDeploy::DeploymentConfig") {
		l.remove(resource)
	}
	if len(groups) == 0 {
		return
	}
	l.stack.Node().TryRemoveChild(jsii.String(construct.ReleaseAlarmID))
	for _, alias := range construct.Resources(l.stack, "AWS::Lambda::Alias") {
		alias.AddDeletionOverride(jsii.String("UpdatePolicy"))
	}
	l.skip("the canary (AWS::CodeDeploy)")
}

func (l *localAWS) removeSavedQueries() {
	queries := construct.Resources(l.stack, "AWS::Logs::QueryDefinition")
	for _, query := range queries {
		l.remove(query)
	}
	if len(queries) > 0 {
		l.skip("saved log queries (AWS::Logs::QueryDefinition)")
	}
}

// removeDeadLetters removes the dead-letter queue from the custom function; the
// queue itself stays.
func (l *localAWS) removeDeadLetters(artifacts *artifact.Custom) {
	if artifacts == nil {
		return
	}
	l.customFunction().AddPropertyDeletionOverride(jsii.String("DeadLetterConfig"))
	l.skip("failed events in the dead-letter queue (DeadLetterConfig in AWS::Lambda::Function)")
}

// removeRateAlarms removes alarms on metric math, also from the dashboard.
func (l *localAWS) removeRateAlarms() error {
	for _, resource := range construct.Resources(l.stack, "AWS::CloudWatch::Alarm") {
		var alarm awscloudwatch.CfnAlarm
		jsii.UnsafeCast(resource, &alarm)
		if alarm.Metrics() == nil {
			continue
		}
		for _, dashboard := range construct.Resources(l.stack, "AWS::CloudWatch::Dashboard") {
			if err := l.removeFromDashboard(dashboard, *l.stack.GetLogicalId(alarm)); err != nil {
				return err
			}
		}
		l.remove(alarm)
		l.skip("the alarm on the rate of failed requests (metric math in AWS::CloudWatch::Alarm)")
	}
	return nil
}

// removeFromDashboard removes an alarm's ARN, and the comma in front, from the
// dashboard's text.
func (l *localAWS) removeFromDashboard(resource awscdk.CfnResource, alarm string) error {
	var dashboard awscloudwatch.CfnDashboard
	jsii.UnsafeCast(resource, &dashboard)
	body, _ := l.stack.Resolve(dashboard.DashboardBody()).(map[string]any)
	join, _ := body["Fn::Join"].([]any)
	if len(join) != 2 {
		return fmt.Errorf("the dashboard's body is %v; want Fn::Join", body)
	}
	parts, _ := join[1].([]any)
	i := slices.IndexFunc(parts, func(part any) bool {
		reference, _ := part.(map[string]any)
		attribute, _ := reference["Fn::GetAtt"].([]any)
		return len(attribute) == 2 && attribute[0] == alarm
	})
	if i < 1 || parts[i-1] != `","` {
		return fmt.Errorf("the dashboard does not list the alarm %s behind another one", alarm)
	}
	parts = slices.Delete(parts, i-1, i+1)
	resource.AddPropertyOverride(jsii.String("DashboardBody"), map[string]any{"Fn::Join": []any{join[0], parts}})
	return nil
}

// The CDK's ids for what empties a bucket when its stack is destroyed.
const (
	emptierID         = "AutoDeleteObjectsCustomResource"
	emptierProviderID = "Custom::S3AutoDeleteObjectsCustomResourceProvider"
)

// removeEmptying removes the custom resource that empties a bucket: it never
// completes there. The bucket's policy names its role.
func (l *localAWS) removeEmptying() {
	provider := l.stack.Node().TryFindChild(jsii.String(emptierProviderID))
	if provider == nil {
		return
	}
	var role awscdk.CfnResource
	jsii.UnsafeCast(provider.Node().FindChild(jsii.String("Role")), &role)
	roleID := *l.stack.GetLogicalId(role)
	for _, resource := range construct.Resources(l.stack, "AWS::S3::BucketPolicy") {
		var policy awss3.CfnBucketPolicy
		jsii.UnsafeCast(resource, &policy)
		document, _ := l.stack.Resolve(policy.PolicyDocument()).(map[string]any)
		statements, _ := document["Statement"].([]any)
		kept := slices.DeleteFunc(slices.Clone(statements), func(statement any) bool {
			text, err := json.Marshal(statement)
			return err == nil && strings.Contains(string(text), `"`+roleID+`"`)
		})
		document["Statement"] = kept
		policy.SetPolicyDocument(document)
	}
	for _, resource := range construct.Resources(l.stack, "Custom::S3AutoDeleteObjects") {
		removeConstruct(resource.Node().Scope())
	}
	removeConstruct(provider)
	l.skip("emptying the bucket when the stack is destroyed (a custom resource that never completes there)")
}

// allowSessions lets the caller of a smoke test's role be a session: local AWS
// compares the session's ARN with aws:PrincipalArn, and AWS its role's.
func (l *localAWS) allowSessions() {
	node := l.stack.Node().TryFindChild(jsii.String(construct.SmokeRoleID))
	if node == nil {
		return
	}
	var role awsiam.CfnRole
	jsii.UnsafeCast(node.Node().DefaultChild(), &role)
	text, err := json.Marshal(l.stack.Resolve(role.AssumeRolePolicyDocument()))
	if err != nil {
		panic(err) // it came from jsii as JSON
	}
	var trust struct {
		Statement []struct {
			Condition struct {
				ArnLike map[string][]any
			}
		}
	}
	if err := json.Unmarshal(text, &trust); err != nil {
		panic(err)
	}
	callers := trust.Statement[0].Condition.ArnLike["aws:PrincipalArn"]
	session, err := json.Marshal(callers[0])
	if err != nil {
		panic(err)
	}
	var caller any
	if err := json.Unmarshal([]byte(sessionARN(string(session))), &caller); err != nil {
		panic(err)
	}
	role.AddPropertyOverride(jsii.String("AssumeRolePolicyDocument.Statement.0.Condition.ArnLike.aws:PrincipalArn"), append(callers, caller))
}

// sessionARN turns the ARN of a role, as JSON, into a pattern of its sessions'.
func sessionARN(role string) string {
	session := strings.Replace(strings.Replace(role, ":iam::", ":sts::", 1), ":role/", ":assumed-role/", 1)
	end := strings.LastIndex(session, `"`)
	return session[:end] + "/*" + session[end:]
}

func (l *localAWS) listPayloads() {
	for _, resource := range construct.Resources(l.stack, "AWS::ApiGatewayV2::Integration") {
		var integration awsapigatewayv2.CfnIntegration
		jsii.UnsafeCast(resource, &integration)
		if version := integration.PayloadFormatVersion(); version != nil && *version == "1.0" {
			l.skip("the event format of a REST API (payload format 1.0); its HTTP API sends format 2.0")
			return
		}
	}
}

// adaptHydration makes hydrate the bootstrap of Python and provided runtimes:
// local AWS has neither wrappers nor layers for provided runtimes. Other runtimes
// start without hydrate.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html#runtime-wrapper
func (l *localAWS) adaptHydration(ctx context.Context, artifacts *artifact.Custom) error {
	if artifacts == nil || artifacts.Hydration == artifact.NotHydrated {
		return nil
	}
	function := l.customFunction()
	runtime := *function.Runtime()
	python := strings.HasPrefix(runtime, "python")
	drop := func(variable string) {
		function.AddPropertyDeletionOverride(jsii.String("Environment.Variables." + variable))
	}
	drop(environ.DependenciesLinks)
	if artifacts.Hydration == artifact.WrappedRuntime && !python {
		l.dropLayer(function)
		drop(artifact.ExecWrapper)
		drop(environ.DependenciesMaxMB)
		l.skip("hydrate as a layer of the runtime (AWS_LAMBDA_EXEC_WRAPPER); the handler must fetch its dependencies itself")
		return nil
	}
	l.skip("links to the dependencies in /tmp, which is this machine's")
	if artifacts.Hydration == artifact.CodeBootstrap {
		return nil
	}
	code, err := artifacts.HydratedCode(ctx)
	if err != nil {
		return err
	}
	var scope constructs.Construct
	jsii.UnsafeCast(function.Node().Scope(), &scope)
	asset := awss3assets.NewAsset(scope, jsii.String("LocalCode"), &awss3assets.AssetProps{Path: jsii.String(code.Path)})
	function.SetCode(&awslambda.CfnFunction_CodeProperty{S3Bucket: asset.S3BucketName(), S3Key: asset.S3ObjectKey()})
	l.dropLayer(function)
	if !python {
		drop(environ.FunctionCommand) // HydratedCode renamed the program
		return nil
	}
	function.SetRuntime(jsii.String("provided.al2023"))
	drop(artifact.ExecWrapper)
	command, err := json.Marshal([]string{"python3", "-m", "awslambdaric", *function.Handler()})
	if err != nil {
		return err
	}
	function.AddPropertyOverride(jsii.String("Environment.Variables."+environ.FunctionCommand), string(command))
	l.changed = append(l.changed, fmt.Sprintf(
		"Local AWS has no %s: the function runs on provided.al2023, where hydrate starts this machine's python3 with Lambda's runtime client. Pack for its version.", runtime))
	return nil
}

// customFunction returns the custom function of a stack that has one.
func (l *localAWS) customFunction() (function awslambda.CfnFunction) {
	scope := l.stack.Node().FindChild(jsii.String(custom.FunctionID))
	jsii.UnsafeCast(scope.Node().FindChild(jsii.String(construct.FunctionID)).Node().DefaultChild(), &function)
	return function
}

// dropLayer removes hydrate's layer, which the CDK renders last.
func (l *localAWS) dropLayer(function awslambda.CfnFunction) {
	for _, layer := range construct.Resources(l.stack, "AWS::Lambda::LayerVersion") {
		id := *l.stack.GetLogicalId(layer)
		layers, _ := l.stack.Resolve(function.Layers()).([]any)
		var kept []*string
		for _, other := range layers {
			if arn, isText := other.(string); isText {
				kept = append(kept, &arn)
			} else if reference, _ := other.(map[string]any); reference["Ref"] != id {
				kept = append(kept, awscdk.Token_AsString(other, nil))
			}
		}
		if len(kept) == 0 {
			function.AddPropertyDeletionOverride(jsii.String("Layers"))
		} else {
			function.SetLayers(&kept)
		}
		l.remove(layer)
	}
}
