// Command compose is a CDK app that adds the query function to its own resources:
// a VPC, and an RDS database with its secret. It uses Go values and CDK objects,
// and no settings in the CDK context. Run it from the checkout's root:
//
//	npx cdk synth --app "go run ./examples/compose"
package main

import (
	"context"
	"errors"
	"log"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsrds"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/internal/kernel"
	"defog-cdk/stacks/artifact"
	"defog-cdk/stacks/construct"
	"defog-cdk/stacks/query"
)

func main() {
	err := synth(context.Background(), awscdk.NewApp(nil), "lambda/query/dependencies")
	stderr, problem := kernel.Close()
	if err = errors.Join(err, problem); err != nil {
		log.New(stderr, "", 0).Fatal(err)
	}
}

func synth(ctx context.Context, app awscdk.App, dependencies string) (err error) {
	artifacts, err := artifact.PrepareQuery(ctx, artifact.QuerySettings{
		StackName: "shop", DBType: "postgres", Architecture: "arm64", Generator: "defog", GeneratorTimeout: 13, StatementTimeout: 15, MaxRows: 1000, Retries: 3,
	}, dependencies)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, artifacts.Remove()) }()

	stack := awscdk.NewStack(app, jsii.String("shop"), nil)
	vpc := awsec2.NewVpc(stack, jsii.String("Vpc"), nil)
	database := awsrds.NewDatabaseInstance(stack, jsii.String("Database"), &awsrds.DatabaseInstanceProps{
		Engine: awsrds.DatabaseInstanceEngine_Postgres(&awsrds.PostgresInstanceEngineProps{Version: awsrds.PostgresEngineVersion_VER_17()}),
		Vpc:    vpc, DatabaseName: jsii.String("shop"), StorageEncrypted: jsii.Bool(true),
	})
	function, err := query.NewFunction(stack, "Query", query.FunctionProps{
		Stack: "shop", Database: "postgres", Artifacts: artifacts, Network: &construct.Network{VPC: vpc},
		Secret:   newConnection(stack, database),
		Settings: construct.FunctionSettings{MemoryMB: 128, TimeoutSeconds: 29},
	})
	if err != nil {
		return err
	}
	database.Connections().AllowDefaultPortFrom(function.Function, jsii.String("questions"))
	app.Synth(nil)
	return nil
}

// newConnection makes the secret with connection.json. CloudFormation inserts the
// user and the password from the database's own secret.
func newConnection(stack awscdk.Stack, database awsrds.DatabaseInstance) awssecretsmanager.ISecret {
	text := stack.ToJsonString(map[string]any{"api_key": "YOUR_DEFOG_API_KEY", "db_type": "postgres", "db_creds": map[string]any{
		"host": database.DbInstanceEndpointAddress(), "port": 5432, "database": "shop",
		"user":     database.Secret().SecretValueFromJson(jsii.String("username")).UnsafeUnwrap(),
		"password": database.Secret().SecretValueFromJson(jsii.String("password")).UnsafeUnwrap(),
	}}, nil)
	return awssecretsmanager.NewSecret(stack, jsii.String("Connection"), &awssecretsmanager.SecretProps{
		SecretStringValue: awscdk.SecretValue_UnsafePlainText(text),
	})
}
