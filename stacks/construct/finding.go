package construct

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// cdk-nag's rules on policies.
const (
	NagManagedPolicy = "AwsSolutions-IAM4"
	NagWildcard      = "AwsSolutions-IAM5"
)

// AcceptFinding records in the template why a cdk-nag finding is acceptable.
// appliesTo names the accepted findings of rules that report several, so that
// cdk-nag reports new ones; see MatchFinding for patterns. The metadata has
// cdk-nag's format, so that only tests load cdk-nag.
// https://github.com/cdklabs/cdk-nag#suppressing-a-rule
func AcceptFinding(construct constructs.IConstruct, rule, reason string, appliesTo ...any) {
	var resource awscdk.CfnResource
	jsii.UnsafeCast(construct.Node().DefaultChild(), &resource)
	nag, _ := resource.GetMetadata(jsii.String("cdk_nag")).(map[string]any)
	rules, _ := nag["rules_to_suppress"].([]any)
	suppression := map[string]any{"id": rule, "reason": reason}
	if len(appliesTo) > 0 {
		suppression["applies_to"] = appliesTo
	}
	resource.AddMetadata(jsii.String("cdk_nag"), map[string]any{"rules_to_suppress": append(rules, suppression)})
}

// MatchFinding returns the value of appliesTo that matches findings by a regular
// expression. It must match the whole finding.
func MatchFinding(expression string) any { return map[string]any{"regex": "/^" + expression + "$/"} }

// wildcards returns cdk-nag's findings on the statement of a policy, given as
// JSON values: the actions and resources that contain a star.
func wildcards(statement map[string]any) (findings []any) {
	if statement["Effect"] != "Allow" {
		return nil
	}
	for _, kind := range []string{"Action", "Resource"} {
		values, isList := statement[kind].([]any)
		if !isList {
			values = []any{statement[kind]}
		}
		for _, value := range values {
			if text := flatten(value); strings.Contains(text, "*") {
				findings = append(findings, kind+"::"+text)
			}
		}
	}
	return findings
}

// flatten returns a value of a template as cdk-nag writes it: references in angle
// brackets.
func flatten(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return strings.NewReplacer("${", "<", "}", ">").Replace(v)
	case map[string]any:
		if join, isJoin := v["Fn::Join"].([]any); isJoin {
			parts := join[1].([]any)
			texts := make([]string, len(parts))
			for i, part := range parts {
				texts[i] = flatten(part)
			}
			return strings.Join(texts, flatten(join[0]))
		}
		if attribute, isAttribute := v["Fn::GetAtt"].([]any); isAttribute {
			return fmt.Sprintf("<%s.%s>", flatten(attribute[0]), flatten(attribute[1]))
		}
		if reference, isReference := v["Ref"]; isReference {
			return "<" + flatten(reference) + ">"
		}
	}
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // it came from jsii as JSON
	}
	return string(text)
}
