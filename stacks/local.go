package stacks

import (
	"net"
	"net/url"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// gap is a part of the stack for which local AWS (MiniStack) lacks what it
// takes.
type gap string

// All gaps of MiniStack 1.5.33. One resource that it does not know fails its
// whole deploy.
const (
	budgetGap       gap = "the budget (AWS::Budgets)"
	canaryGap       gap = "the canary (AWS::CodeDeploy)"
	deadLettersGap  gap = "sending failed events to the dead-letter queue (DeadLetterConfig in AWS::Lambda::Function)"
	payloadGap      gap = "the shape of a REST API's events (payload format 1.0); its HTTP API sends its own, 2.0"
	rateAlarmGap    gap = "the alarm on the rate of failed requests (metric math in AWS::CloudWatch::Alarm)"
	emptyingGap     gap = "emptying the bucket when the stack is destroyed (a custom resource that hangs there)"
	hydrateGap      gap = "hydrate as a layer in front of the runtime (AWS_LAMBDA_EXEC_WRAPPER); the handler has to fetch its dependencies itself"
	linksGap        gap = "links to the dependencies in /tmp, which is this machine's"
	savedQueriesGap gap = "saved log queries (AWS::Logs::QueryDefinition)"
)

// leftOut reports whether the part is to be left out, and has synth say so.
func (g gap) leftOut(scope constructs.Construct, local bool) bool {
	if local {
		awscdk.Annotations_Of(scope).AddInfoV2(jsii.String("defog:not-on-local-aws"), jsii.String("Left out, for local AWS has none: "+string(g)+"."))
	}
	return local
}

// IsLocal reports whether the endpoint of AWS, as AWS_ENDPOINT_URL gives it, is
// on this machine: that is local AWS.
func IsLocal(endpoint string) bool {
	parsed, err := url.Parse(endpoint)
	return err == nil && (parsed.Hostname() == "localhost" || net.ParseIP(parsed.Hostname()).IsLoopback())
}
