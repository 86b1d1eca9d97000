package assembly

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"
)

func TestRead(t *testing.T) {
	folder := t.TempDir()
	for path, text := range map[string]string{
		"manifest.json": `{"artifacts": {
			"shop": {"type": "aws:cloudformation:stack", "environment": "aws://unknown-account/unknown-region", "properties": {"templateFile": "shop.json",
				"stackName": "shop-dev", "assumeRoleArn": "deploy", "lookupRole": {"arn": "lookup"}}},
			"inner": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-inner"}},
			"Tree": {"type": "cdk:tree", "properties": {"file": "tree.json"}}}}`,
		"shop.json": `{"Resources": {"A": {"Properties": {"Size": 10}}}}`,
		"assembly-inner/manifest.json": `{"artifacts": {"shop-prod": {"type": "aws:cloudformation:stack", "environment": "aws://123456789012/eu-west-1",
			"properties": {"templateFile": "prod.json"}}}}`,
		"assembly-inner/prod.json": `{}`,
	} {
		path = filepath.Join(folder, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Read(folder)
	if err != nil {
		t.Fatal(err)
	}
	size := map[string]any{"Properties": map[string]any{"Size": json.Number("10")}}
	want := []Stack{
		{Name: "shop-dev", Roles: []string{"lookup", "deploy"}, Template: map[string]any{"Resources": map[string]any{"A": size}}},
		{Name: "shop-prod", Account: "123456789012", Region: "eu-west-1", Nested: true, Template: map[string]any{}},
	}
	want[1].Roles = []string{}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if _, err := Read(filepath.Join(folder, "none")); err == nil {
		t.Error("read a missing folder")
	}
}

func TestReadStaysInTheAssembly(t *testing.T) {
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret.json"), []byte(`{"password": "s3cret"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, artifact := range map[string]string{
		"template above":  `{"type": "aws:cloudformation:stack", "properties": {"templateFile": "../../secret.json"}}`,
		"absolute":        `{"type": "aws:cloudformation:stack", "properties": {"templateFile": "/etc/hostname"}}`,
		"linked":          `{"type": "aws:cloudformation:stack", "properties": {"templateFile": "link.json"}}`,
		"the same folder": `{"type": "cdk:cloud-assembly", "properties": {"directoryName": "."}}`,
		"folder above":    `{"type": "cdk:cloud-assembly", "properties": {"directoryName": ".."}}`,
		"around":          `{"type": "cdk:cloud-assembly", "properties": {"directoryName": "a/.."}}`,
	} {
		folder := filepath.Join(outside, name, "cdk.out")
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join(outside, "secret.json"), filepath.Join(folder, "link.json")); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "manifest.json"), []byte(`{"artifacts": {"a": `+artifact+`}}`), 0o600); err != nil {
			t.Fatal(err)
		}
		if stacks, err := Read(folder); err == nil {
			t.Errorf("%s: read %+v", name, stacks)
		}
	}
}

// account is a fake of AWS with one stack and one caller who may read it.
type account struct {
	mayRead  string // a part of the caller's key
	template string // empty for none
	asked    []string
}

func (a *account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	caller := r.Header.Get("Authorization")
	refuse := func(code, message string) {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `<ErrorResponse><Error><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>`, code, message)
	}
	switch action := r.Form.Get("Action"); action {
	case "GetCallerIdentity":
		fmt.Fprint(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account><Arn>arn:aws:iam::123456789012:user/me</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`)
	case "AssumeRole":
		a.asked = append(a.asked, r.Form.Get("RoleArn"))
		id := url.QueryEscape(r.Form.Get("RoleArn"))
		fmt.Fprintf(w, `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>x</SecretAccessKey>`+
			`<SessionToken>x</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`, id)
	case "GetTemplate":
		switch {
		case !strings.Contains(caller, a.mayRead):
			refuse("AccessDenied", "you may not")
		case a.template == "":
			refuse("ValidationError", "Stack with id shop-dev does not exist")
		default:
			fmt.Fprintf(w, `<GetTemplateResponse><GetTemplateResult><TemplateBody>%s</TemplateBody></GetTemplateResult></GetTemplateResponse>`, a.template)
		}
	default:
		refuse("InvalidAction", action)
	}
}

func TestDeployed(t *testing.T) {
	lookup := "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/cdk-lookup-${AWS::Region}"
	const lookupThere, lookupAbroad = "arn:aws:iam::123456789012:role/cdk-lookup-eu-central-1", "arn:aws-cn:iam::210987654321:role/cdk-lookup-cn-north-1"
	tests := []struct {
		name    string
		account account
		stack   Stack
		asked   []string
		want    map[string]any
		err     string
	}{
		{"by the caller's credentials", account{mayRead: "AKIDME", template: `{"a": 1}`}, Stack{Name: "shop-dev"}, nil, map[string]any{"a": json.Number("1")}, ""},
		{"not deployed", account{mayRead: "AKIDME"}, Stack{Name: "shop-dev"}, nil, nil, ""},
		{"by a role", account{mayRead: "cdk-lookup", template: `{}`}, Stack{Name: "shop-dev", Roles: []string{lookup}}, []string{lookupThere}, map[string]any{}, ""},
		{"in another account", account{mayRead: "cdk-lookup", template: `{}`}, Stack{Name: "shop-dev", Account: "210987654321", Region: "cn-north-1", Roles: []string{lookup}},
			[]string{lookupAbroad}, map[string]any{}, ""},
		{"without access", account{mayRead: "nobody", template: `{}`}, Stack{Name: "shop-dev", Roles: []string{lookup}}, []string{lookupThere}, nil,
			"read the deployed template of shop-dev, which needs cloudformation:GetTemplate: as arn:aws:iam::123456789012:user/me: AccessDenied: you may not\nas " + lookupThere},
		{"not JSON", account{mayRead: "AKIDME", template: "password: s3cret"}, Stack{Name: "shop-dev"}, nil, nil, "is not JSON"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(&test.account)
			defer server.Close()
			cfg := aws.Config{BaseEndpoint: aws.String(server.URL), Region: "eu-central-1", RetryMaxAttempts: 1,
				Credentials: credentials.NewStaticCredentialsProvider("AKIDME", "x", "")}
			got, err := Deployed(t.Context(), cfg, test.stack)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if diff := cmp.Diff(test.asked, test.account.asked); diff != "" {
				t.Errorf("roles: -want +got:\n%s", diff)
			}
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) || err != nil && strings.Contains(err.Error(), "s3cret") {
				t.Errorf("error %v, want %q", err, test.err)
			}
		})
	}
}
