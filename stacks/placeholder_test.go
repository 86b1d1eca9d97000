package stacks_test

import (
	"errors"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
	"defog-cdk/stacks"
)

// TestPlaceholderRejectsDeployments checks the name, the error and the parameter, which has no valid value.
func TestPlaceholderRejectsDeployments(t *testing.T) {
	for name, conf := range map[string]config.Config{
		"shop-prod":     {Settings: config.Settings{AppName: "shop", Stage: "prod"}},
		"shop-pipeline": {Settings: config.Settings{AppName: "shop", Stage: "prod", Pipeline: true}},
	} {
		app := stacks.NewApp()
		if err := stacks.NewPlaceholder(app, conf, []error{errors.New("connection.json: not found")}); err != nil {
			t.Fatal(err)
		}
		found := app.Node().TryFindChild(jsii.String(name))
		if found == nil {
			t.Fatalf("there is no stack %s", name)
		}
		stack := found.(awscdk.Stack)
		assertions.Annotations_FromStack(stack).HasError(jsii.String("/"+name), jsii.String("connection.json: not found"))
		template := assertions.Template_FromStack(stack, nil)
		template.HasParameter(jsii.String("MissingFiles"), map[string]any{
			"Default": assertions.Match_Absent(), "MinLength": 1, "AllowedPattern": "^$",
		})
	}
}
