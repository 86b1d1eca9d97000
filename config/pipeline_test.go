package config

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const pipelineJSON = `{
	"context": {
		"app_name": "shop", "lambda_memory_size": 256, "connection_file": "/nowhere/connection.json", "retries": 1,
		"pipeline_source": {"connection_arn": "arn:aws:codeconnections:eu-west-1:123456789012:connection/a1", "repository": "acme/shop"},
		"pipeline_stages": [
			{"stage": "test", "account": "222222222222", "region": "eu-west-1"},
			{"stage": "prod", "account": "333333333333", "regions": ["eu-west-1", "us-east-1"], "approve": true}
		],
		"stages": {
			"dev": {"retries": 9},
			"test": {"credentials_secret": "test/shop", "db_type": "postgres", "max_rows": 7},
			"prod": {"credentials_secret": "prod/shop", "db_type": "mysql", "lambda_memory_size": 512}
		}
	}
}`

func TestPipelineLoadsEachStage(t *testing.T) {
	inFolderWith(t, pipelineJSON)
	context, err := ContextFile([]string{"pipeline=true", "tags.team=data", "retries=2"})
	if err != nil {
		t.Fatal(err)
	}
	conf, err := Load(context)
	if err != nil {
		t.Fatal(err)
	}
	if conf.PipelineName() != "shop-pipeline" || len(conf.Stages) != 2 || conf.PipelineSource.Branch != "main" {
		t.Fatalf("got %+v", conf)
	}
	type stage struct {
		Name, Account, Secret, DBType string
		Regions                       []string
		Approve                       bool
		Memory, MaxRows, Retries      int
	}
	var got []stage
	for _, s := range conf.Stages {
		got = append(got, stage{
			s.Config.StackName(), s.Account, s.Config.CredentialsSecret, s.Config.Connection.DBType, s.Regions, s.Approve,
			s.Config.MemorySize, s.Config.MaxRows, s.Config.Retries,
		})
	}
	want := []stage{
		{"shop-test", "222222222222", "test/shop", "postgres", []string{"eu-west-1"}, false, 256, 7, 2},
		{"shop-prod", "333333333333", "prod/shop", "mysql", []string{"eu-west-1", "us-east-1"}, true, 512, 10000, 2},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"pipeline=true", "retries=2", "tags.team=data"}, conf.CommandLine); diff != "" {
		t.Errorf("command line: -want +got:\n%s", diff)
	}
}

// Pipeline settings in cdk.json do not affect a manual deployment.
func TestPipelineStageLoadsWithoutPipeline(t *testing.T) {
	inFolderWith(t, pipelineJSON)
	context, err := ContextFile([]string{"stage=prod"})
	if err != nil {
		t.Fatal(err)
	}
	conf, err := Load(context)
	if err != nil {
		t.Fatal(err)
	}
	if conf.StackName() != "shop-prod" || conf.MemorySize != 512 || len(conf.Stages) != 0 {
		t.Errorf("got %+v", conf)
	}
}

func TestPipelineReturnsProblemsOfAllStages(t *testing.T) {
	inFolderWith(t, `{"context": {
		"app_name": "shop", "lambda_memory_size": 64, "stage": "dev",
		"pipeline_source": {"bucket": "bbb"},
		"pipeline_stages": [{"stage": "test"}, {"stage": "test"}, {"stage": "pipeline"}, {"stag": "x"}, 7,
			{"stage": "prod", "region": "eu-west-1", "account": 3}],
		"stages": {
			"test": {"retries": 99, "smoke_expect": "3", "pipeline_kms": "x"},
			"prod": {"credentials_secret": "arn:aws:secretsmanager:us-east-1:123456789012:secret:x-AbCdEf", "db_type": "oracle",
				"api_auth": "jwt", "jwt_issuer": "https://id.example.com", "jwt_audience": ["x"], "smoke_question": "q", "generator": "golden"}
		}
	}}`)
	context, err := ContextFile([]string{"pipeline=true"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = Load(context)
	if err == nil {
		t.Fatal("accepted")
	}
	secret := "credentials_secret (default): missing; want a secret in stages.%[1]s, with its db_type, because a pipeline reads credentials from Secrets Manager only. " +
		"To create it: go run ./cmd/defog secret put -c app_name=shop --stage %[1]s"
	want := strings.Join([]string{
		`pipeline_kms (cdk.json, stage test): not allowed in a stage; want it beside stages, or as -c`,
		`lambda_memory_size (cdk.json): 64 is invalid; want 128 to 10240`,
		`pipeline_stages.4.stag (cdk.json): unknown key (did you mean stage?); want stage, account, regions, region, approve`,
		`pipeline_stages.5 (cdk.json): 7 is invalid; want an object with the keys stage, account, regions, region, approve`,
		`pipeline_stages.6.account (cdk.json): 3 is invalid; want an account id: 12 digits, as text`,
		`retries (cdk.json, stage test): 99 is invalid; want 0 to 10`,
		`stage (cdk.json): contradicts pipeline=true, which deploys pipeline_stages; want pipeline=false for a single stage`,
		`pipeline_source.bucket (cdk.json): bucket and key belong together; want both or neither`,
		`pipeline_stages.2.stage (cdk.json): test is duplicated; want one entry, with several regions if need be`,
		`pipeline_stages.3.stage (cdk.json): reserved: the stack would have the pipeline's name, shop-pipeline; want another name`,
		`pipeline_stages.4.stage (default): missing; want letters, digits and hyphens`,
		`pipeline_stages.5.stage (default): missing; want letters, digits and hyphens`,
		`stage test: smoke_expect (cdk.json, stage test): not used without smoke_question; want both or neither`,
		`stage test: ` + strings.ReplaceAll(secret, "%[1]s", "test"),
		`stage pipeline: ` + strings.ReplaceAll(secret, "%[1]s", "pipeline"),
		`stage prod: db_type (cdk.json, stage prod): "oracle" is unknown; want bigquery, databricks, mysql, postgres, redshift, snowflake, sqlite, sqlserver`,
		`stage prod: smoke_question (cdk.json, stage prod): not supported with api_auth=jwt, because the pipeline has no token; want api_auth=iam or none`,
		`stage prod: credentials_secret (cdk.json, stage prod): in us-east-1, but the stage is in eu-west-1; want the secret's name, and the secret or a replica in each of these regions`,
		`stage prod: function_source_dependencies_zip (default): missing; want a folder or zip with golden.json, which generator golden reads`,
	}, "\n")
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestPipelineRequiresSourceAndStages(t *testing.T) {
	const stages = `"pipeline_stages": "[{\"stage\": \"prod\"}]", "credentials_secret": "s", "db_type": "sqlite"`
	for text, want := range map[string]string{
		`{"pipeline": true, "pipeline_source": {"repository": "x"}}`:                    `pipeline_stages (default): missing; want [{"stage": "test"}, {"stage": "prod", "account": "123456789012", "region": "eu-central-1", "approve": true}]`,
		`{"pipeline": true, ` + stages + `}`:                                            `pipeline_source (default): missing; want connection_arn and repository (owner/name), repository alone (CodeCommit), or bucket and key`,
		`{"pipeline": true, "pipeline_source.repository": "acme/shop", ` + stages + `}`: `pipeline_source.connection_arn (default): missing; want arn:aws:codeconnections:‹region›:‹account›:connection/‹id›, because acme/shop is not in CodeCommit`,
		`{"pipeline": true, "pipeline_source": {"connection_arn": "arn:aws:codeconnections:eu-west-1:123456789012:connection/a1", "repository": "x"}, ` + stages + `}`: `pipeline_source.repository (-c): "x" has no owner; want owner/name with connection_arn`,
		`{"pipeline": true, "pipeline_source": {"bucket": "bbb", "key": "k", "branch": "main"}, ` + stages + `}`:                                                       `pipeline_source.bucket (-c): contradicts connection_arn, repository and branch; want one kind of source`,
		`{"pipeline": true, "pipeline_source": {"repository": "x"}, "pipeline_stages": "prod"}`:                                                                        `pipeline_stages (-c): "prod" is invalid; want a list of objects with the keys stage, account, regions, region, approve`,
		`{"pipeline": true, "pipeline_source": {"repository": "x"}, "pipeline_stages": [{"stage": "Build"}]}`:                                                          "pipeline_stages.1.stage (-c): Build is reserved by the pipeline; want another name",
	} {
		t.Chdir(t.TempDir())
		_, err := Parse(parse(t, text))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s:\ngot  %v\nwant %s", text, err, want)
		}
	}
}

// Stacks in several regions cannot share a regional or unique resource.
func TestStageInSeveralRegionsRefusesRegionalSettings(t *testing.T) {
	inFolderWith(t, `{"context": {
		"app_name": "shop", "function_source_dist_zip": "code.zip", "pipeline_source": {"repository": "shop"},
		"subnet_ids": ["subnet-12345678"], "security_group_ids": ["sg-12345678"], "function_role_name": "shop",
		"pipeline_stages": [{"stage": "test", "region": "eu-west-1"}, {"stage": "prod", "regions": ["eu-west-1", "us-east-1"]}]
	}}`)
	context, err := ContextFile([]string{"pipeline=true"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = Parse(context)
	var want []string
	for _, key := range []string{"function_role_name", "security_group_ids", "subnet_ids"} {
		want = append(want, "stage prod: "+key+" (cdk.json): names one resource, but the stage is in eu-west-1, us-east-1; want one stage per region")
	}
	if diff := cmp.Diff(strings.Join(want, "\n"), fmt.Sprint(err)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestEffectiveListsPipelineStages(t *testing.T) {
	inFolderWith(t, pipelineJSON)
	context, err := ContextFile(nil)
	if err != nil {
		t.Fatal(err)
	}
	values, err := Effective(context)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, v := range values {
		if strings.HasPrefix(v.Key, "pipeline_stages") {
			got[v.Key] = v.String() + " " + v.Origin
		}
	}
	want := map[string]string{
		"pipeline_stages.1.stage": "test cdk.json", "pipeline_stages.1.account": "222222222222 cdk.json",
		"pipeline_stages.1.regions": `["eu-west-1"] cdk.json`, "pipeline_stages.1.approve": "false default",
		"pipeline_stages.2.stage": "prod cdk.json", "pipeline_stages.2.account": "333333333333 cdk.json",
		"pipeline_stages.2.regions": `["eu-west-1","us-east-1"] cdk.json`, "pipeline_stages.2.approve": "true cdk.json",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
