package review

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/cmd/defog/redact"
	"defog-cdk/config"
	"defog-cdk/config/connection"
)

var update = flag.Bool("update", false, "rewrite testdata")

// root is the relative path of the checkout.
const root = "../../.."

// template returns the golden template of the query stack.
func template(t *testing.T) map[string]any {
	t.Helper()
	file, err := os.Open(filepath.Join(root, "stacks", "query", "testdata", "stack.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var document map[string]any
	decoder := json.NewDecoder(file)
	decoder.UseNumber()
	if err := decoder.Decode(&document); err != nil {
		t.Fatal(err)
	}
	// The golden file masks the hashes of assets.
	text, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	document = nil
	if err := json.Unmarshal([]byte(strings.ReplaceAll(string(text), "‹hash›", strings.Repeat("0a", 32))), &document); err != nil {
		t.Fatal(err)
	}
	return document
}

// resource returns the resource of a type whose id has a prefix.
func resource(t *testing.T, template map[string]any, kind, prefix string) map[string]any {
	t.Helper()
	for id, resource := range template["Resources"].(map[string]any) {
		if strings.HasPrefix(id, prefix) && resource.(map[string]any)["Type"] == kind {
			return resource.(map[string]any)
		}
	}
	t.Fatalf("the template has no %s %s…", kind, prefix)
	return nil
}

func properties(t *testing.T, template map[string]any, kind, prefix string) map[string]any {
	t.Helper()
	return resource(t, template, kind, prefix)["Properties"].(map[string]any)
}

func variables(t *testing.T, template map[string]any) map[string]any {
	t.Helper()
	return properties(t, template, "AWS::Lambda::Function", "Query")["Environment"].(map[string]any)["Variables"].(map[string]any)
}

// statements returns the statements of the function's role.
func statements(t *testing.T, template map[string]any) []any {
	t.Helper()
	policies := properties(t, template, "AWS::IAM::Role", "QueryRole")["Policies"].([]any)
	return policies[0].(map[string]any)["PolicyDocument"].(map[string]any)["Statement"].([]any)
}

func setStatements(t *testing.T, template map[string]any, list ...any) {
	t.Helper()
	policies := properties(t, template, "AWS::IAM::Role", "QueryRole")["Policies"].([]any)
	policies[0].(map[string]any)["PolicyDocument"].(map[string]any)["Statement"] = list
}

func allowed(action, on any) map[string]any {
	return map[string]any{"Effect": "Allow", "Action": action, "Resource": on}
}

// change is an expected change: its kind, its phrase and its settings.
type change struct {
	kind     Kind
	what     string
	settings string
}

func TestCompareFindsChanges(t *testing.T) {
	const (
		route, stage, api = "AWS::ApiGatewayV2::Route", "AWS::ApiGatewayV2::Stage", "AWS::ApiGatewayV2::Api"
		function, logs    = "AWS::Lambda::Function", "AWS::Logs::LogGroup"
	)
	type edit func(t *testing.T, template map[string]any)
	set := func(kind, id, property string, value any) edit {
		return func(t *testing.T, template map[string]any) {
			t.Helper()
			properties(t, template, kind, id)[property] = value
		}
	}
	none := edit(func(*testing.T, map[string]any) {})
	tests := []struct {
		name          string
		before, after edit
		want          []change
	}{
		{"nothing", none, none, nil},
		{"a route opens", none, set(route, "Api", "AuthorizationType", "NONE"), []change{{Security, "the route becomes public", "api_auth"}}},
		{"a route closes", set(route, "Api", "AuthorizationType", "NONE"), none, []change{{Other, "changed", "api_auth"}}},
		{"throttle raised", none, set(stage, "Api", "DefaultRouteSettings", map[string]any{"ThrottlingBurstLimit": 20., "ThrottlingRateLimit": 100.}),
			[]change{{Security, "the limit of requests per second rises", "throttle_rate"}}},
		{"throttle lowered", none, set(stage, "Api", "DefaultRouteSettings", map[string]any{"ThrottlingBurstLimit": 5., "ThrottlingRateLimit": 10.}),
			[]change{{Other, "changed", "throttle_burst"}}},
		{"throttle gone", none, func(t *testing.T, template map[string]any) {
			delete(properties(t, template, stage, "Api"), "DefaultRouteSettings")
		}, []change{{Security, "the limit of concurrent requests rises", "throttle_burst"}, {Security, "the limit of requests per second rises", "throttle_rate"}}},
		{"CORS widened", set(api, "Api", "CorsConfiguration", map[string]any{"AllowOrigins": []any{"https://a"}}),
			set(api, "Api", "CorsConfiguration", map[string]any{"AllowOrigins": []any{"https://a", "*"}, "AllowCredentials": true}),
			[]change{{Security, "pages may send cookies along", "cors_allow_credentials"}, {Security, "pages of more web origins may call the API", "cors_allow_origins"}}},
		{"CORS narrowed", set(api, "Api", "CorsConfiguration", map[string]any{"AllowOrigins": []any{"*"}}),
			set(api, "Api", "CorsConfiguration", map[string]any{"AllowOrigins": []any{"https://a"}}), []change{{Other, "changed", "cors_allow_origins"}}},
		{"logs kept shorter", none, set(logs, "QueryLogs", "RetentionInDays", 7.), []change{{Security, "the retention of logs is shorter", "log_retention_in_days"}}},
		{"logs kept longer", none, set(logs, "QueryLogs", "RetentionInDays", 365.), []change{{Other, "changed", "log_retention_in_days"}}},
		{"logs no longer unlimited", func(t *testing.T, template map[string]any) {
			delete(properties(t, template, logs, "QueryLogs"), "RetentionInDays")
		}, none,
			[]change{{Security, "the retention of logs is shorter", "log_retention_in_days"}}},
		{"logs are deleted with the stack", func(t *testing.T, template map[string]any) {
			resource(t, template, logs, "QueryLogs")["DeletionPolicy"] = "Retain"
		}, none, []change{{Security, "is no longer retained after the stack's deletion", "removal_policy"}}},
		{"log group renamed", none, set(logs, "QueryLogs", "LogGroupName", "other"), []change{{Loss, "replaced, which loses its logs", ""}}},
		{"log group removed", none, func(_ *testing.T, template map[string]any) {
			for id := range template["Resources"].(map[string]any) {
				if strings.HasPrefix(id, "QueryLogs") {
					delete(template["Resources"].(map[string]any), id)
				}
			}
		}, []change{{Loss, "removed, which loses its logs", ""}}},
		{"retained log group removed", func(t *testing.T, template map[string]any) {
			resource(t, template, logs, "QueryLogs")["DeletionPolicy"] = "Retain"
		}, func(_ *testing.T, template map[string]any) {
			for id := range template["Resources"].(map[string]any) {
				if strings.HasPrefix(id, "QueryLogs") {
					delete(template["Resources"].(map[string]any), id)
				}
			}
		}, []change{{Loss, "removed; the old resource remains outside the stack", ""}}},
		{"access log gone", none, func(t *testing.T, template map[string]any) {
			delete(properties(t, template, stage, "Api"), "AccessLogSettings")
		}, []change{{Security, "requests are no longer logged", ""}}},
		{"key gone", set(function, "Query", "KmsKeyArn", "arn:aws:kms:x"), none, []change{{Security, "no longer encrypted with your key", "kms_key_arn"}}},
		{"memory", none, set(function, "Query", "MemorySize", 512.), []change{{Other, "changed", "lambda_memory_size"}}},
		{"a variable of the operator", none, func(t *testing.T, template map[string]any) { variables(t, template)["COLOUR"] = "red" },
			[]change{{Other, "added", "environment_variables.COLOUR"}}},
		{"questions in the log", none, func(t *testing.T, template map[string]any) { variables(t, template)["DEFOG_LOG_QUESTIONS"] = "true" },
			[]change{{Security, "the log holds the questions", "log_questions"}}},
		{"callers' code", none, func(t *testing.T, template map[string]any) { variables(t, template)["PODPAC_UNSAFE_EVAL"] = "x" },
			[]change{{Security, "callers' code runs in the function", "function_allow_unsafe_eval"}}},
		{"more pipelines", func(t *testing.T, template map[string]any) {
			variables(t, template)["PODPAC_RESTRICT_PIPELINES"] = `["a"]`
		}, func(t *testing.T, template map[string]any) {
			variables(t, template)["PODPAC_RESTRICT_PIPELINES"] = `["a", "b"]`
		}, []change{{Security, "more pipelines are evaluated", "function_restrict_pipelines"}}},
		{"fewer pipelines", func(t *testing.T, template map[string]any) {
			variables(t, template)["PODPAC_RESTRICT_PIPELINES"] = `["a", "b"]`
		}, func(t *testing.T, template map[string]any) {
			variables(t, template)["PODPAC_RESTRICT_PIPELINES"] = `["a"]`
		}, []change{{Other, "changed", "function_restrict_pipelines"}}},
		{"another generator", none, func(t *testing.T, template map[string]any) { variables(t, template)["DEFOG_GENERATOR"] = "openai" },
			[]change{{Security, "another SQL generator reads the questions", "generator"}}},
		{"a wider role", none, func(t *testing.T, template map[string]any) {
			setStatements(t, template, append(statements(t, template), allowed([]any{"s3:PutObject", "s3:DeleteObject"}, "*"))...)
		}, []change{{Security, "grants: s3:DeleteObject, s3:PutObject", ""}}},
		{"a narrower role", func(t *testing.T, template map[string]any) {
			setStatements(t, template, append(statements(t, template), allowed("kms:*", "*"))...)
		}, func(t *testing.T, template map[string]any) {
			setStatements(t, template, append(statements(t, template), allowed("kms:Decrypt", "arn:aws:kms:x"))...)
		}, []change{{Other, "revokes: kms:*", ""}}},
		{"a lost denial", func(t *testing.T, template map[string]any) {
			deny := allowed("ec2:*", "*")
			deny["Effect"] = "Deny"
			setStatements(t, template, append(statements(t, template), deny)...)
		}, none, []change{{Security, "no longer denies: ec2:*", ""}}},
		{"a lost condition", func(t *testing.T, template map[string]any) {
			statement := allowed("kms:Decrypt", "*")
			statement["Condition"] = map[string]any{"StringEquals": map[string]any{"kms:ViaService": "s3"}}
			setStatements(t, template, append(statements(t, template), statement)...)
		}, func(t *testing.T, template map[string]any) {
			setStatements(t, template, append(statements(t, template), allowed("kms:Decrypt", "*"))...)
		}, []change{{Security, "grants: kms:Decrypt", ""}}},
		{"the same rights in another order", none, func(t *testing.T, template map[string]any) {
			list := slices.Clone(statements(t, template))
			slices.Reverse(list)
			setStatements(t, template, list...)
		}, []change{{Other, "changed", ""}}},
		{"another asset", none, func(_ *testing.T, template map[string]any) {
			text, _ := json.Marshal(template)
			_ = json.Unmarshal([]byte(strings.ReplaceAll(string(text), strings.Repeat("0a", 32), strings.Repeat("0b", 32))), &template)
		}, nil},
		{"another principal may assume the role", none, func(t *testing.T, template map[string]any) {
			document := properties(t, template, "AWS::IAM::Role", "QueryRole")["AssumeRolePolicyDocument"].(map[string]any)
			document["Statement"] = append(document["Statement"].([]any), map[string]any{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": map[string]any{"AWS": "*"}})
		}, []change{{Security, "grants: sts:AssumeRole", "function_role_assume_policy_document"}}},
		{"an output", none, func(_ *testing.T, template map[string]any) {
			template["Outputs"].(map[string]any)["More"] = map[string]any{"Value": "x"}
		}, []change{{Other, "added", ""}}},
	}
	stacks := make([]Stack, len(tests))
	for i, test := range tests {
		stacks[i] = Stack{Name: "shop-dev", Deployed: template(t), Proposed: template(t)}
		test.before(t, stacks[i].Deployed)
		test.after(t, stacks[i].Proposed)
	}
	reports, err := Compare(t.Context(), stacks, Options{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			report := reports[i]
			var got []change
			for _, c := range report.Changes {
				keys := make([]string, len(c.Settings))
				for i, setting := range c.Settings {
					keys[i] = setting.Key
				}
				if c.Path == "Policies" {
					keys = nil // many settings add rights
				}
				if test.name == "another asset" && c.Kind == Other {
					continue
				}
				got = append(got, change{c.Kind, c.What, strings.Join(keys, " ")})
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(change{})); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func compareOne(t *testing.T, stack Stack, secrets *redact.Secrets) Report {
	t.Helper()
	stack.Name = "shop-dev"
	reports, err := Compare(t.Context(), []Stack{stack}, Options{Root: root, Secrets: secrets})
	if err != nil {
		t.Fatal(err)
	}
	return reports[0]
}

// TestCredentialsAreFingerprints compares two passwords, with a key and without.
func TestCredentialsAreFingerprints(t *testing.T) {
	encode := func(password string) string {
		text, err := connection.Connection{APIKey: "the key", DBType: "postgres", DBCreds: connection.Creds{"password": password, "host": "db"}}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	deployed, proposed := template(t), template(t)
	variables(t, deployed)["DEFOG_CREDS_64"], variables(t, proposed)["DEFOG_CREDS_64"] = encode("old s3cret"), encode("new s3cret")
	variables(t, proposed)["URL"] = "the password is new s3cret, | <b> `code` @someone"
	for key, want := range map[string]string{"": "`(secret, changed)`", "a key of sixteen": "`sha256:"} {
		report := compareOne(t, Stack{Deployed: deployed, Proposed: proposed}, redact.NewSecrets(key))
		text := report.Markdown()
		if strings.Contains(text, "s3cret") || strings.Contains(text, "eyJ") || !strings.Contains(text, want) ||
			!strings.Contains(text, "the credentials change: `db_creds.password`") || report.Count(Security) != 1 {
			t.Error(text)
		}
	}
}

func TestMarkdownReport(t *testing.T) {
	deployed, proposed := template(t), template(t)
	properties(t, proposed, "AWS::ApiGatewayV2::Route", "Api")["AuthorizationType"] = "NONE"
	properties(t, proposed, "AWS::Logs::LogGroup", "QueryLogs")["LogGroupName"] = "a|b `c`"
	properties(t, proposed, "AWS::Lambda::Function", "Query")["MemorySize"] = 256.
	setStatements(t, proposed, append(statements(t, proposed), allowed("s3:*", map[string]any{"Fn::GetAtt": []any{"Bucket", "Arn"}}))...)
	report := compareOne(t, Stack{Deployed: deployed, Proposed: proposed, Settings: []config.Value{
		{Key: "api_auth", Value: "none", Origin: "cdk.json, stage dev"}, {Key: "iam_policy_file", Value: "policy.json", Origin: "-c"}, {Key: "xray", Value: false, Origin: "default"},
	}}, nil)
	golden := filepath.Join("testdata", "report.md")
	if *update {
		if err := os.WriteFile(golden, []byte(report.Markdown()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), report.Markdown()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestNewStackListsItsRights compares a stack that is not deployed.
func TestNewStackListsItsRights(t *testing.T) {
	report := compareOne(t, Stack{Proposed: template(t)}, nil)
	if !report.New || report.Count(Security) == 0 || report.Count(Loss) > 0 || !strings.Contains(report.Markdown(), "the stack is new") {
		t.Error(report.Markdown())
	}
}

// TestCausesAreSettings fails for a cause that is no longer a setting.
func TestCausesAreSettings(t *testing.T) {
	for _, cause := range causes {
		for key := range strings.FieldsSeq(cause.settings) {
			if name, known := config.Name(key); !known || name != key {
				t.Errorf("%s %s: %s is not a setting", cause.types, cause.path, key)
			}
		}
	}
}

func TestRightsIncludeOthers(t *testing.T) {
	tests := []struct {
		pattern, name string
		want          bool
	}{
		{"s3:*", "s3:getobject", true}, {"s3:Get*", "s3:*", false}, {"arn:aws:s3:::b/*", "arn:aws:s3:::b/c/d", true}, {"a?c", "abc", true},
		{"not s3:*", "s3:getobject", false}, {"*", "anything", true}, {"[a]", "a", false}, {"[a]", "[a]", true},
	}
	for _, test := range tests {
		if got := matches(test.pattern, test.name); got != test.want {
			t.Errorf("%s includes %s: %v", test.pattern, test.name, got)
		}
	}
}
