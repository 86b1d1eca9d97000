package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/config/connection"
)

func TestDefaultsAreThoseOfTheOldSystems(t *testing.T) {
	conf, err := Load(map[string]any{"connection_file": connectionFile(t)})
	if err != nil {
		t.Fatal(err)
	}
	if conf.StackName() != "defog-lambda-dev" || conf.MemorySize != 128 || conf.Retries != 3 || conf.APIAuth != "iam" || conf.Architecture != "arm64" {
		t.Errorf("got %+v", conf.Settings)
	}
	if conf.Retain() {
		t.Error("Retain() = true in the stage dev")
	}
	if conf.Connection.DBCreds.Text("database") != "shop" {
		t.Errorf("connection not read: %+v", conf.Connection)
	}
}

func TestValuesMayBeTextOrTyped(t *testing.T) {
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

func TestLoadReturnsAllProblems(t *testing.T) {
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
		`stage (-c): "a b" is invalid; want letters, digits and hyphens`,
		`generator (-c): "golde" is unknown (did you mean golden?); want defog, golden, bedrock, openai`,
		`architecture (-c): 3 is invalid; want arm64, x86_64`,
		`lambda_memory_size (-c): "64" is invalid; want 128 to 10240`,
		`function_timeout (-c): 6 contradicts lambda_timeout, which is 5; want one of them`,
		`retries (-c): "many" is invalid; want 0 to 10`,
		`log_questions (-c): "yes" is invalid; want true, false`,
		`layers (-c): "x" is invalid; want a list of up to 5: arn:aws:lambda:‹region›:‹account›:layer:‹name›:‹version›`,
		`tags (-c): [1] is invalid; want a map {"name": "value", …}, or entries tags.name=value`,
		`colour (-c): unknown setting; want a key in docs/settings.md`,
		`lambda-timeout (-c): unknown setting (did you mean lambda_timeout?); want a key in docs/settings.md`,
		`lambda_memory_sise (-c): unknown setting (did you mean lambda_memory_size?); want a key in docs/settings.md`,
		`log_retention_in_days (-c): 8 is invalid; want 0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653`,
		`environment_variables.1 (-c): invalid name; want a letter, then letters, digits and underscores`,
		`environment_variables.AWS_REGION (-c): reserved by Lambda; want a name without the prefix AWS_ or LAMBDA_`,
		`environment_variables.DEFOG_X (-c): reserved for the stack; want the corresponding setting`,
		`/nowhere/c.json: not found; want a connection file as in docs/databases.md, or the path of another`,
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

func TestContradictionsAreRefused(t *testing.T) {
	file := connectionFile(t)
	tests := map[string]string{
		`{"statement_timeout": 16}`: "lambda_timeout (default): 29 s is less than generator_timeout=13 (default) + statement_timeout=16 (-c) + 1 s for the answer = 30 s; want that sum within lambda_timeout, at most 30 s",
		`{"function_timeout": 600}`: "lambda_timeout (-c): 600 s exceeds the HTTP API's timeout; want up to 30 s, or async_questions=true for longer questions",

		`{"async_questions": true, "statement_timeout": 890}`:                          "lambda_timeout (default): 900 s is less than generator_timeout=13 (default) + statement_timeout=890 (-c) + 11 s for the answer = 914 s; want that sum within lambda_timeout, at most 900 s",
		`{"async_concurrency": 3}`:                                                     "async_concurrency (-c): not used without long questions; want async_questions=true with it",
		`{"async_point_in_time_recovery": true}`:                                       "async_point_in_time_recovery (-c): not used without long questions; want async_questions=true with it",
		`{"async_questions": true, "async_concurrency": 1}`:                            `async_concurrency (-c): 1 is invalid; want 2 to 1000`,
		`{"async_questions": true, "async_concurrency": 5, "reserved_concurrency": 5}`: "async_concurrency (-c): 5 long questions (-c) can use all of reserved_concurrency=5, and no other request is answered then; want less than reserved_concurrency, or no reserved_concurrency",

		`{"tags": "{\"a\":\"b\"} more"}`:                                                 `tags (-c): "{\"a\":\"b\"} more" is invalid; want a map {"name": "value", …}, or entries tags.name=value`,
		`{"function_role_policy_arns": "arn:aws:iam::aws:policy/AdministratorAccess"}`:   "function_role_policy_arns (-c): AdministratorAccess allows all actions on all resources; want narrower policies, or iam_policy_allow_all=true",
		`{"function_role_assume_policy_document": {"nonsense": 1}}`:                      `function_role_assume_policy_document (-c): not a trust policy; want {"Version": "2012-10-17", "Statement": […]} that allows lambda.amazonaws.com sts:AssumeRole`,
		`{"generator": "openai", "function_source_dependencies_zip": "/"}`:               "generator_model (default): missing; want the id of a model, which generator openai requires",
		`{"smoke_set": "a.json"}`:                                                        "smoke_set (-c): not used without smoke_question; want both or neither",
		`{"smoke_min_accuracy": 90}`:                                                     "smoke_min_accuracy (-c): not used without smoke_set; want both or neither",
		`{"samples": 10}`:                                                                "samples (-c): 10 is invalid; want 1 to 9",
		`{"allow_clarification": true}`:                                                  "allow_clarification (-c): not used by generator defog (default); want bedrock or openai",
		`{"state_assumptions": true}`:                                                    "state_assumptions (-c): not used by generator defog (default); want bedrock or openai",
		`{"generator": "golden", "samples": 2, "function_source_dependencies_zip": "/"}`: "samples (-c): not used by generator golden (-c); want bedrock or openai or defog",
		`{"schema_ttl": 60}`:                                                             "schema_ttl (-c): not used by generator defog (default); want bedrock or openai",

		`{"generator": "golden"}`:                          "function_source_dependencies_zip (default): missing; want a folder or zip with golden.json, which generator golden reads",
		`{"function_source_dependencies_zip": "/nowhere"}`: "function_source_dependencies_zip (-c): stat /nowhere: no such file or directory; want an existing path, relative to this folder or from / or ~/",
		`{"iam_policy_file": "/nowhere"}`:                  "iam_policy_file (-c): stat /nowhere: no such file or directory; want an existing path, relative to this folder or from / or ~/",
		`{"generator_region": "eu-west-1"}`:                "generator_region (-c): not used by generator defog (default); want bedrock",

		`{"db_type": "mysql"}`:                                          "db_type (-c): not used without credentials_secret, because connection_file holds db_type; want both or neither",
		`{"credentials_secret": "prod/defog", "db_type": "x"}`:          `db_type (-c): "x" is unknown; want bigquery, databricks, mysql, postgres, redshift, snowflake, sqlite, sqlserver`,
		`{"credentials_secret": "arn:aws:s3:::x", "db_type": "sqlite"}`: `credentials_secret (-c): "arn:aws:s3:::x" is invalid; want ` + forms["secret"].description,

		`{"tags": {"aws:x": "y"}}`:                         "tags.aws:x (-c): reserved by AWS; want a name without the prefix aws:",
		`{"function_api_tags.x": "<y>"}`:                   "function_api_tags.x (-c): invalid characters; want letters, digits, spaces and _.:/=+-@",
		`{"app_name": "1st"}`:                              `app_name (-c): "1st" is invalid; want a letter, then letters, digits and hyphens`,
		`{"app_name": "` + strings.Repeat("x", 125) + `"}`: "app_name (-c): the stack's name " + strings.Repeat("x", 125) + "-dev has 129 characters; want at most 128, with the stage",

		`{"manage_iam_role": false}`:                           "manage_iam_role (-c): false without iam_role_arn; want a role: arn:aws:iam::‹account›:role/‹name›",
		`{"iam_role_arn": "arn:aws:iam::123456789012:role/r"}`: "iam_role_arn (-c): not used with manage_iam_role=true; want manage_iam_role=false",
		`{"autogen_policy": false}`:                            "autogen_policy (-c): false without another policy; want iam_policy_file with it",
		`{"iam_policy_allow_all": true}`:                       "iam_policy_allow_all (-c): not used without a policy; want iam_policy_file or function_role_policy_document with it",
		`{"manage_iam_role": false, "function_role_tags.a": "b", "iam_role_arn": "arn:aws:iam::123456789012:role/r"}`: "function_role_tags (-c): applies to a role of the stack, but manage_iam_role is false; want one of them",

		`{"vpc_id": "vpc-1", "subnet_ids": "subnet-1", "security_group_ids": "sg-1"}`: "vpc_id (-c): contradicts subnet_ids and security_group_ids; want vpc_id or these two",
		`{"subnet_ids": "subnet-1"}`:     "subnet_ids (-c): security_group_ids is missing; want both or neither",
		`{"security_group_ids": "sg-1"}`: "security_group_ids (-c): subnet_ids is missing; want both or neither",

		`{"api_auth": "jwt", "jwt_issuer": "https://id.example.com"}`:                "jwt_audience (default): missing; want jwt_issuer and jwt_audience, which api_auth=jwt requires",
		`{"jwt_audience": "defog"}`:                                                  "jwt_audience (-c): not used with api_auth=iam (default); want api_auth=jwt",
		`{"api_auth": "jwt", "jwt_audience": "a", "jwt_issuer": "http://a.example"}`: `jwt_issuer (-c): "http://a.example" is invalid; want https://host, with an optional path (http:// for localhost only)`,
		`{"cors_allow_origins": "*", "cors_allow_credentials": true}`:                "cors_allow_origins (-c): * is invalid with cors_allow_credentials, which browsers refuse for every origin; want the origins by name",
		`{"cors_allow_credentials": true}`:                                           "cors_allow_credentials (-c): not used without cors_allow_origins; want both or neither",

		`{"mcp_sql": true}`:   "mcp_sql (-c): not used without mcp; want mcp=true with it",
		`{"mcp_max_rows": 0}`: `mcp_max_rows (-c): 0 is invalid; want 1 to 10000`,

		`{"api_gateway_custom_domain.domain_name": "sql.example.com"}`: "api_gateway_custom_domain.certificate_arn (default): missing; want arn:aws:acm:‹region›:‹account›:certificate/‹id›",
		`{"api_gateway_custom_domain": {"domain_name": "sql.example.com", "certificate_arn": "arn:aws:acm:eu-west-1:123456789012:certificate/a", "hosted_zone_id": "Z1", "hosted_zone_name": "example.org"}}`: `api_gateway_custom_domain.hosted_zone_name (-c): "example.org" cannot hold records of "sql.example.com"; want the domain or a parent of it`,
		`{"api_gateway_custom_domain": {"domain_name": "sql.example.com", "certificate_arn": "arn:aws:acm:eu-west-1:123456789012:certificate/a", "hosted_zone_id": "Z1"}}`:                                    "api_gateway_custom_domain.hosted_zone_id (-c): hosted_zone_id and hosted_zone_name belong together; want both or neither",
		`{"api_gateway_custom_domain": {"domain_name": "sql.example.com", "certificate_arn": "arn:aws:acm:eu-west-1:123456789012:certificate/a", "url_prefx": "v1"}}`:                                         "api_gateway_custom_domain.url_prefx (-c): unknown key (did you mean url_prefix?); want domain_name, certificate_arn, tls_version, url_prefix, hosted_zone_id, hosted_zone_name, tags",
		`{"stages": {"prod": {}}}`: "stages (-c): not allowed on the command line; want single settings, -c key=value",
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

func TestDriftCheckRequiresARecipient(t *testing.T) {
	for check, want := range map[string]string{
		"daily": "drift_check (-c): has no recipient; want alarm_email with it", "off": "", "hourly": `drift_check (-c): "hourly" is unknown; want off, daily`,
	} {
		_, err := Parse(map[string]any{"drift_check": check})
		if got := fmt.Sprint(err); want == "" && err != nil || want != "" && got != want {
			t.Errorf("%s: %v, want %q", check, err, want)
		}
	}
	if _, err := Parse(map[string]any{"drift_check": "daily", "alarm_email": "ops@example.com"}); err != nil {
		t.Error(err)
	}
}

func TestSecretsInSettingsAreRefusedAndHidden(t *testing.T) {
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

func TestDefogGeneratorRequiresAPIKey(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.json")
	if err := os.WriteFile(file, []byte(`{"db_type": "sqlite", "db_creds": {"database": "x"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Load(map[string]any{"connection_file": file, "generator": "defog"})
	if want := file + ": api_key: missing; want the API key, which generator defog requires, or generator=bedrock"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, err := Load(map[string]any{"connection_file": file, "generator": "golden", "function_source_dependencies_zip": t.TempDir()}); err != nil {
		t.Error(err)
	}
}

func TestSchemaCheckRequiresDatabase(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.json")
	if err := os.WriteFile(file, []byte(`{"api_key": "k", "db_type": "postgres", "db_creds": {}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Load(map[string]any{"connection_file": file, "schema_check": "daily"})
	if want := "schema_check (-c): requires a database, and db_creds is empty in " + file + "; want db_creds, or schema_check=off"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	for _, context := range []map[string]any{
		{"connection_file": file, "schema_check": "off"}, {"credentials_secret": "s", "db_type": "postgres", "schema_check": "daily"},
	} {
		if _, err := Load(context); err != nil {
			t.Errorf("%v: %v", context, err)
		}
	}
	if _, err := Load(map[string]any{"connection_file": file, "schema_check": "hourly"}); err == nil || !strings.Contains(err.Error(), "want off, daily") {
		t.Errorf("got %v", err)
	}
}

// TestGeneratorDefaultsToWhatTheConnectionAllows checks the generator and the model
// that no setting names.
func TestGeneratorDefaultsToWhatTheConnectionAllows(t *testing.T) {
	write := func(text string) string {
		file := filepath.Join(t.TempDir(), "c.json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	keyless := write(`{"db_type": "sqlite", "db_creds": {"database": "x"}}`)
	keyed := write(`{"api_key": "k", "db_type": "sqlite", "db_creds": {"database": "x"}}`)
	for name, test := range map[string]struct {
		context                     map[string]any
		generator, model, wantError string
	}{
		"no key":              {map[string]any{"connection_file": keyless}, "bedrock", connection.DefaultModel, ""},
		"no key, a model":     {map[string]any{"connection_file": keyless, "generator_model": "m", "schema_ttl": 60}, "bedrock", "m", ""},
		"a key":               {map[string]any{"connection_file": keyed}, "defog", "", ""},
		"a key, bedrock":      {map[string]any{"connection_file": keyed, "generator": "bedrock"}, "bedrock", connection.DefaultModel, ""},
		"a key, a model":      {map[string]any{"connection_file": keyed, "generator_model": "m"}, "defog", "m", "generator_model (-c): not used by generator defog (default); want bedrock or openai"},
		"a secret":            {map[string]any{"credentials_secret": "s", "db_type": "sqlite"}, "defog", "", ""},
		"a secret, bedrock":   {map[string]any{"credentials_secret": "s", "db_type": "sqlite", "generator": "bedrock"}, "bedrock", connection.DefaultModel, ""},
		"a secret, a model":   {map[string]any{"credentials_secret": "s", "db_type": "sqlite", "generator_model": "m"}, "defog", "m", "generator_model (-c): not used by generator defog (default); want bedrock or openai"},
		"no key, with openai": {map[string]any{"connection_file": keyless, "generator": "openai"}, "openai", "", "generator_model (default): missing; want the id of a model, which generator openai requires"},
	} {
		conf, err := Load(test.context)
		if conf.Generator != test.generator || conf.GeneratorModel != test.model || (err == nil) != (test.wantError == "") || err != nil && err.Error() != test.wantError {
			t.Errorf("%s: got %s with model %q, %v", name, conf.Generator, conf.GeneratorModel, err)
		}
	}
	for _, f := range settingFields {
		if f.key == "generator_model" && !strings.Contains(f.doc, connection.DefaultModel) {
			t.Errorf("the documentation of generator_model lacks %s", connection.DefaultModel)
		}
	}
}

func TestDatabaseUserARNMatchesConnection(t *testing.T) {
	const user = "arn:aws:rds-db:eu-west-1:123456789012:dbuser:cluster-ABC/reader"
	for _, test := range []struct{ creds, arn, want string }{
		{`"auth": "iam", "user": "reader"`, user, ""},
		{`"auth": "iam", "user": "writer"`, user, `another user than db_creds.user; want an ARN that ends in /writer`},
		{`"auth": "iam", "user": "reader"`, "", `missing; want arn:aws:rds-db:`},
		{`"password": "p", "user": "reader"`, user, `not used without IAM authentication; want "auth": "iam" in db_creds`},
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

func TestSecretReplacesConnectionFile(t *testing.T) {
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

func TestRetainDependsOnStageAndRemovalPolicy(t *testing.T) {
	for stage, want := range map[string]bool{"dev": false, "prod": true, "production": true, "preprod": false} {
		if got := (Settings{Stage: stage}).Retain(); got != want {
			t.Errorf("stage %s: Retain() = %v", stage, got)
		}
	}
	if (Settings{Stage: "prod", RemovalPolicy: "destroy"}).Retain() {
		t.Error("the stage overrides removal_policy")
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
