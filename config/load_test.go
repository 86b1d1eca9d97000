package config

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDefaultsAreTheSeeds(t *testing.T) {
	conf, err := Load(map[string]any{"connection_file": connectionFile(t)})
	if err != nil {
		t.Fatal(err)
	}
	if conf.StackName() != "defog-lambda-dev" || conf.MemorySize != 128 || conf.Retries != 3 || conf.APIAuth != "iam" || conf.Architecture != "arm64" {
		t.Errorf("got %+v", conf.Settings)
	}
	if conf.Retain() {
		t.Error("the stage dev keeps its logs")
	}
	if conf.Connection.DBCreds.Text("database") != "shop" {
		t.Errorf("connection not read: %+v", conf.Connection)
	}
}

func TestValuesComeAsTextAndTyped(t *testing.T) {
	for _, context := range []string{
		`{"lambda_memory_size": "512", "log_questions": "true", "tags": "{\"team\":\"data\",\"tier\":2}", "retries": "0"}`,
		`{"lambda_memory_size": 512, "log_questions": true, "tags": {"team": "data", "tier": 2}, "retries": 0}`,
		`{"function_memory": 512, "log_questions": true, "tags.team": "data", "tags": {"tier": 2, "team": "other"}, "retries": 0}`,
	} {
		settings, err := Parse(parse(t, context))
		if err != nil {
			t.Fatalf("%s: %v", context, err)
		}
		want := map[string]string{"team": "data", "tier": "2"}
		if settings.MemorySize != 512 || !settings.LogQuestions || settings.Retries != 0 || !maps.Equal(settings.Tags, want) {
			t.Errorf("%s: got %+v", context, settings)
		}
	}
}

func TestProblemsComeAllAtOnce(t *testing.T) {
	_, err := Load(parse(t, `{
		"@aws-cdk/core:enablePartitionLiterals": true, "availability-zones:account=1:region=x": [], "acknowledged-issue-numbers": [1],
		"lambda_memory_sise": "512", "lambda-timeout": "9", "colour": "red",
		"lambda_memory_size": "64", "retries": "many", "log_questions": "yes", "generator": "golde", "stage": "a b",
		"architecture": 3, "layers": "x", "tags": [1], "lambda_timeout": 5, "function_timeout": 6, "log_retention_in_days": 8,
		"environment_variables": {"AWS_REGION": "x", "DEFOG_X": "x", "1": "x"}, "connection_file": "/nowhere/c.json"
	}`))
	if err == nil {
		t.Fatal("no error")
	}
	want := []string{
		`stage (-c): "a b" is not valid; valid: letters, digits and hyphens`,
		`generator (-c): "golde" is unknown (did you mean golden?); valid: defog, golden, bedrock, openai`,
		`architecture (-c): 3 is not valid; valid: arm64, x86_64`,
		`lambda_memory_size (-c): "64" is not valid; valid: 128 to 10240`,
		`function_timeout (-c): 6 is not what lambda_timeout says, 5; give one of them`,
		`retries (-c): "many" is not valid; valid: 0 to 10`,
		`log_questions (-c): "yes" is not valid; valid: true, false`,
		`layers (-c): "x" is not valid; valid: a list of up to 5: arn:aws:lambda:‹region›:‹account›:layer:‹name›:‹version›`,
		`tags (-c): [1] is not valid; valid: a map: {"name": "value", …}, or single entries as tags.name=value`,
		`colour (-c): unknown setting; README lists all`,
		`lambda-timeout (-c): unknown setting (did you mean lambda_timeout?); README lists all`,
		`lambda_memory_sise (-c): unknown setting (did you mean lambda_memory_size?); README lists all`,
		`log_retention_in_days (-c): 8 is not valid; valid: 0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653`,
		`environment_variables.1 (-c): is no variable's name; valid: a letter, then letters, digits and underscores`,
		`environment_variables.AWS_REGION (-c): is reserved by Lambda; choose a name without that prefix`,
		`environment_variables.DEFOG_X (-c): is set by the stack; use the setting instead`,
		`connection file /nowhere/c.json: not found; create it (README shows its form) or name another one with -c connection_file=PATH`,
	}
	var got []string
	for _, problem := range flatten(err) {
		got = append(got, problem.Error())
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if text := Explain(err); !strings.HasPrefix(text, "defog-cdk: 17 problems:\n  - ") || strings.Count(text, "\n") != 18 {
		t.Errorf("Explain:\n%s", text)
	}
}

func TestContradictionsAreFound(t *testing.T) {
	file := connectionFile(t)
	tests := map[string]string{
		`{"statement_timeout": 16}`: "lambda_timeout (default): 29 s is less than generator_timeout's 13 s (default) + statement_timeout's 16 s (-c) + 1 s for the answer = 30 s; valid: no less than that sum, and up to the 30 s that the HTTP API waits",
		`{"function_timeout": 600}`: "lambda_timeout (-c): 600 s is longer than the HTTP API waits for the function; valid: up to 30 s",

		`{"tags": "{\"a\":\"b\"} more"}`:                                               `tags (-c): "{\"a\":\"b\"} more" is not valid; valid: a map: {"name": "value", …}, or single entries as tags.name=value`,
		`{"function_role_policy_arns": "arn:aws:iam::aws:policy/AdministratorAccess"}`: "function_role_policy_arns (-c): AdministratorAccess allows every action on every resource; name narrower policies, or say iam_policy_allow_all=true",
		`{"function_role_assume_policy_document": {"nonsense": 1}}`:                    `function_role_assume_policy_document (-c): is no trust policy; valid: {"Version": "2012-10-17", "Statement": […]} that lets lambda.amazonaws.com do sts:AssumeRole`,
		`{"generator": "bedrock", "function_source_dependencies_zip": "/"}`:            "generator_model (default): missing; generator bedrock needs the model's id",

		`{"generator": "golden"}`:                          "function_source_dependencies_zip (default): missing; generator golden reads golden.json from there",
		`{"function_source_dependencies_zip": "/nowhere"}`: "function_source_dependencies_zip (-c): stat /nowhere: no such file or directory; valid: a path below this folder, or one from / or ~/",
		`{"iam_policy_file": "/nowhere"}`:                  "iam_policy_file (-c): stat /nowhere: no such file or directory; valid: a path below this folder, or one from / or ~/",
		`{"generator_region": "eu-west-1"}`:                "generator_region (-c): nothing reads it with generator defog; remove it",

		`{"db_type": "mysql"}`:                                          "db_type (-c): goes with credentials_secret only; without it, connection_file says the db_type",
		`{"credentials_secret": "prod/defog", "db_type": "x"}`:          `db_type (-c): "x" is not the secret's db_type; valid: bigquery, databricks, mysql, postgres, redshift, snowflake, sqlite, sqlserver`,
		`{"credentials_secret": "arn:aws:s3:::x", "db_type": "sqlite"}`: `credentials_secret (-c): "arn:aws:s3:::x" is not valid; valid: ` + forms["secret"].says,

		`{"tags": {"aws:x": "y"}}`:                         "tags.aws:x (-c): is reserved by AWS; valid: a name without the prefix aws:",
		`{"function_api_tags.x": "<y>"}`:                   "function_api_tags.x (-c): has characters that tags cannot have; valid: letters, digits, spaces and _.:/=+-@",
		`{"app_name": "1st"}`:                              `app_name (-c): "1st" is not valid; valid: a letter, then letters, digits and hyphens`,
		`{"app_name": "` + strings.Repeat("x", 125) + `"}`: "app_name (-c): the stack's name " + strings.Repeat("x", 125) + "-dev has 129 characters; valid: 128 at the most, with the stage",

		`{"manage_iam_role": false}`:                           "manage_iam_role (-c): is false, so iam_role_arn must name a role; valid: arn:aws:iam::‹account›:role/‹name›",
		`{"iam_role_arn": "arn:aws:iam::123456789012:role/r"}`: "iam_role_arn (-c): needs manage_iam_role=false; otherwise the stack makes a role",
		`{"autogen_policy": false}`:                            "autogen_policy (-c): is false, and nothing else says what the function may do; give iam_policy_file",
		`{"iam_policy_allow_all": true}`:                       "iam_policy_allow_all (-c): goes with iam_policy_file or function_role_policy_document, and neither is given",
		`{"manage_iam_role": false, "function_role_tags.a": "b", "iam_role_arn": "arn:aws:iam::123456789012:role/r"}`: "function_role_tags (-c): shapes the role that the stack makes, and manage_iam_role is false; remove one of them",

		`{"vpc_id": "vpc-1", "subnet_ids": "subnet-1", "security_group_ids": "sg-1"}`: "vpc_id (-c): finds subnets by itself; remove it, or subnet_ids and security_group_ids",
		`{"subnet_ids": "subnet-1"}`:     "subnet_ids (-c): go together with security_group_ids, which is missing",
		`{"security_group_ids": "sg-1"}`: "security_group_ids (-c): go together with subnet_ids, which is missing",

		`{"api_auth": "jwt", "jwt_issuer": "https://id.example.com"}`:                "jwt_audience (default): missing; api_auth=jwt says whose tokens are good by jwt_issuer and jwt_audience",
		`{"jwt_audience": "defog"}`:                                                  "jwt_audience (-c): goes with api_auth=jwt only; api_auth is iam (default)",
		`{"api_auth": "jwt", "jwt_audience": "a", "jwt_issuer": "http://a.example"}`: `jwt_issuer (-c): "http://a.example" is not valid; valid: https://host, with a path if need be (http:// on this machine alone)`,
		`{"cors_allow_origins": "*", "cors_allow_credentials": true}`:                "cors_allow_origins (-c): * with cors_allow_credentials lets every web page act for its visitor, and browsers refuse it; name the origins",
		`{"cors_allow_credentials": true}`:                                           "cors_allow_credentials (-c): goes with cors_allow_origins, which is missing",

		`{"api_gateway_custom_domain.domain_name": "sql.example.com"}`: "api_gateway_custom_domain.certificate_arn (default): missing; valid: arn:aws:acm:‹region›:‹account›:certificate/‹id›",
		`{"api_gateway_custom_domain": {"domain_name": "sql.example.com", "certificate_arn": "arn:aws:acm:eu-west-1:123456789012:certificate/a", "hosted_zone_id": "Z1", "hosted_zone_name": "example.org"}}`: `api_gateway_custom_domain.hosted_zone_name (-c): "example.org" cannot hold records of "sql.example.com"; valid: a parent of the domain, or itself`,
		`{"api_gateway_custom_domain": {"domain_name": "sql.example.com", "certificate_arn": "arn:aws:acm:eu-west-1:123456789012:certificate/a", "hosted_zone_id": "Z1"}}`:                                    "api_gateway_custom_domain.hosted_zone_id (-c): goes together with hosted_zone_name; give both or none",
		`{"api_gateway_custom_domain": {"domain_name": "sql.example.com", "certificate_arn": "arn:aws:acm:eu-west-1:123456789012:certificate/a", "url_prefx": "v1"}}`:                                         "api_gateway_custom_domain.url_prefx (-c): unknown key (did you mean url_prefix?); valid: domain_name, certificate_arn, tls_version, url_prefix, hosted_zone_id, hosted_zone_name, tags",
		`{"stages": {"prod": {}}}`: "stages (-c): is for files; valid: single settings, -c key=value",
	}
	for text, want := range tests {
		context := parse(t, text)
		context["connection_file"] = file
		_, err := Load(context)
		if err == nil {
			t.Errorf("%s: accepted", text)
			continue
		}
		if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Errorf("%s: -want +got:\n%s", text, diff)
		}
	}
}

func TestSecretsInSettingsAreRefusedAndNotShown(t *testing.T) {
	for _, context := range []map[string]any{
		{"environment_variables.WAREHOUSE_PASSWORD": "hunter2-s3cret"},
		{"environment_variables": `{"OPENAI_API_KEY": "hunter2-s3cret"}`},
		{"environment_variables.DSN": "postgres://reader:hunter2-s3cret@db/shop"},
		{"environment_variables.DEFOG_CREDS_64": "hunter2-s3cret"},
		{"function_description": "AKIAIOSFODNN7HUNTER2 s3cret"},
		{"stage": "sk-hunter2-s3cret-hunter2-s3cret"},
		{"tags.password": "hunter2-s3cret"},
		{"password": "hunter2-s3cret"},
		{"passwort": "hunter2-s3cret"},
		{"db_creds": map[string]any{"password": "hunter2-s3cret"}},
	} {
		_, err := Parse(context)
		switch {
		case err == nil:
			t.Errorf("%v: accepted", context)
		case strings.Contains(strings.ToLower(err.Error()), "s3cret"):
			t.Errorf("the error shows the secret: %v", err)
		}
	}
	harmless := map[string]any{"environment_variables": map[string]any{
		"MAX_TOKENS": "100", "SECRET_ARN": "x", "DB_PASSWORD": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:x-AbCdEf", "KEYBOARD": "qwerty"}}
	if _, err := Parse(harmless); err != nil {
		t.Error(err)
	}
}

func TestAGeneratorThatNeedsAKeyAsksForIt(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.json")
	if err := os.WriteFile(file, []byte(`{"db_type": "sqlite", "db_creds": {"database": "x"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Load(map[string]any{"connection_file": file})
	if want := "connection file " + file + ": api_key: missing; generator defog needs it"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, err := Load(map[string]any{"connection_file": file, "generator": "golden", "function_source_dependencies_zip": t.TempDir()}); err != nil {
		t.Error(err)
	}
}

func TestTheRoleMayConnectAsTheUserOfTheConnection(t *testing.T) {
	const user = "arn:aws:rds-db:eu-west-1:123456789012:dbuser:cluster-ABC/reader"
	for _, test := range []struct{ creds, arn, want string }{
		{`"auth": "iam", "user": "reader"`, user, ""},
		{`"auth": "iam", "user": "writer"`, user, `names another user than db_creds.user, which is "writer"`},
		{`"auth": "iam", "user": "reader"`, "", `says "auth": "iam". Valid: arn:aws:rds-db:`},
		{`"password": "p", "user": "reader"`, user, `nothing reads it; it goes with "auth": "iam" in db_creds`},
	} {
		file := filepath.Join(t.TempDir(), "c.json")
		text := `{"api_key": "k", "db_type": "mysql", "db_creds": {"host": "h", "database": "d", ` + test.creds + `}}`
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		context := map[string]any{"connection_file": file}
		if test.arn != "" {
			context["database_user_arn"] = test.arn
		}
		_, err := Load(context)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s, %q: got %v", test.creds, test.arn, err)
		}
	}
}

func TestWithASecretNoConnectionFileIsRead(t *testing.T) {
	for _, secret := range []string{"prod/defog", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/defog-AbCdEf"} {
		conf, err := Load(map[string]any{"credentials_secret": secret, "db_type": "postgres", "connection_file": "/nowhere"})
		if err != nil {
			t.Fatal(err)
		}
		if conf.Connection.DBType != "postgres" || conf.Connection.DBCreds != nil {
			t.Errorf("got %+v", conf.Connection)
		}
	}
}

func TestProductionKeepsItsLogs(t *testing.T) {
	for stage, want := range map[string]bool{"dev": false, "prod": true, "production": true, "preprod": false} {
		if got := (Settings{Stage: stage}).Retain(); got != want {
			t.Errorf("stage %s: Retain() = %v", stage, got)
		}
	}
	if (Settings{Stage: "prod", RemovalPolicy: "destroy"}).Retain() {
		t.Error("removal_policy does not win over the stage")
	}
}

func parse(t *testing.T, text string) map[string]any {
	t.Helper()
	var context map[string]any
	if err := unmarshal([]byte(text), &context); err != nil {
		t.Fatal(err)
	}
	return context
}

func connectionFile(t *testing.T) string {
	t.Helper()
	data, err := json.Marshal(map[string]any{"api_key": "k", "db_type": "postgres", "db_creds": map[string]any{
		"host": "db", "port": 5432, "database": "shop", "user": "reader", "password": "p"}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "connection.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
