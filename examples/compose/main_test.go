package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/internal/environ"
	"defog-cdk/stacks/stacktest"
)

func TestMain(m *testing.M) { stacktest.Main(m) }

func TestFunctionReachesDatabaseWithItsSecret(t *testing.T) {
	app := stacktest.App(t, nil)
	if err := synth(t.Context(), app, "../../lambda/query/dependencies"); err != nil {
		t.Fatal(err)
	}
	var stack awscdk.Stack
	jsii.UnsafeCast(app.Node().FindChild(jsii.String("shop")), &stack)
	template := assertions.Template_FromStack(stack, nil)
	anything := assertions.Match_AnyValue()
	secret := connectionID(t, template)
	template.HasResourceProperties(jsii.String("AWS::Lambda::Function"), map[string]any{
		"Runtime": "provided.al2023", "Architectures": []string{"arm64"},
		"VpcConfig": map[string]any{
			"SubnetIds":        []any{anything, anything}, // the private ones
			"SecurityGroupIds": []any{map[string]any{"Fn::GetAtt": []any{anything, "GroupId"}}},
		},
		"Environment": map[string]any{"Variables": stacktest.Like(map[string]any{
			environ.CredentialsSecret: stacktest.Ref(secret), environ.Credentials: assertions.Match_Absent(), environ.Generator: "defog",
		})},
	})
	template.HasResourceProperties(jsii.String("AWS::EC2::SecurityGroupIngress"), map[string]any{
		"FromPort": map[string]any{"Fn::GetAtt": []any{anything, "Endpoint.Port"}}, "SourceSecurityGroupId": anything,
	})
	// The function waits for its way to the internet.
	template.HasResource(jsii.String("AWS::Lambda::Function"), map[string]any{"DependsOn": assertions.Match_ArrayWith(&[]any{
		assertions.Match_StringLikeRegexp(jsii.String("DefaultRoute")),
	})})
	var allowed []string
	role := (*template.FindResources(jsii.String("AWS::IAM::Role"), map[string]any{"Properties": map[string]any{
		"Description": "Permissions of the query function of shop",
	}}))
	if len(role) != 1 {
		t.Fatalf("%d roles of the query function", len(role))
	}
	var statements []map[string]any
	for _, resource := range role {
		statements = stacktest.StatementsOf(t, (*resource)["Properties"])
	}
	for _, statement := range statements {
		for _, action := range stacktest.List(statement["Action"]) {
			allowed = append(allowed, action+" "+strings.Join(stacktest.List(statement["Resource"]), ","))
		}
	}
	if want := `secretsmanager:GetSecretValue {"Ref":"` + secret + `"}`; !strings.Contains(strings.Join(allowed, "\n"), want) {
		t.Errorf("%q is not in %q", want, allowed)
	}
}

// connectionID returns the logical id of the secret with the connection, whose
// user and password are dynamic references.
func connectionID(t *testing.T, template assertions.Template) string {
	t.Helper()
	for id, resource := range *template.FindResources(jsii.String("AWS::SecretsManager::Secret"), nil) {
		var secret struct{ SecretString any }
		stacktest.Decode(t, (*resource)["Properties"], &secret)
		if secret.SecretString == nil {
			continue // the database's own
		}
		text := stacktest.Flat(t, secret.SecretString)
		for _, want := range []string{`"db_type":"postgres"`, "{{resolve:secretsmanager:", ":SecretString:username::}}", ":SecretString:password::}}", `"database":"shop"`} {
			if !strings.Contains(text, want) {
				t.Errorf("%q is not in the secret: %s", want, text)
			}
		}
		return id
	}
	t.Fatal("no secret with the connection")
	return ""
}

func TestExampleHasAtMost80Lines(t *testing.T) {
	text, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	if lines := bytes.Count(text, []byte("\n")); lines > 80 {
		t.Errorf("%d lines", lines)
	}
}
