package custom

import (
	"encoding/json"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"defog-cdk/stacks/artifact"
	"defog-cdk/stacks/construct"
)

// podpacSettings returns the settings by which PODPAC's client finds what the stack
// made, as JSON: see podpac/core/settings.py. The name of the function contains the
// alias, for the newest version passes by canary and rollback. The client looks for the
// dependencies in the bucket of input and output, or else in their own.
func (p StackProps) podpacSettings(stack awscdk.Stack, function *Function) string {
	settings := map[string]string{
		"FUNCTION_NAME":      *function.Function.FunctionName() + ":" + construct.LiveAlias,
		"FUNCTION_ROLE_NAME": *function.Function.Role().RoleName(),
		"AWS_REGION_NAME":    *stack.Region(),
	}
	if dependencies := function.Dependencies; dependencies != nil {
		settings[artifact.PodpacBucket], settings[artifact.PodpacDependenciesKey] = dependencies.Bucket, dependencies.Key
	}
	if function.Bucket != nil {
		settings[artifact.PodpacBucket] = *function.Bucket.BucketName()
		settings[artifact.PodpacOutput] = p.Function.Bucket.OutputPrefix
	}
	if p.Function.Trigger {
		settings[artifact.PodpacInput] = p.Function.Bucket.InputPrefix
	}
	text, err := json.Marshal(settings)
	if err != nil {
		panic(err) // a map of texts is always JSON
	}
	return string(text)
}
