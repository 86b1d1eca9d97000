// Command defog-cdk is a CDK app that puts a query function on AWS. The CDK
// CLI runs it (see cdk.json) with the settings in the CDK context.
package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
	"defog-cdk/stacks"
)

// assemblyIgnore keeps the cloud assembly, which can hold credentials, out of
// any repository that it is written into.
//
//go:embed cdk.out.gitignore
var assemblyIgnore []byte

// defaultDependencies is the folder with what every query function brings.
const defaultDependencies = "lambda/query/dependencies"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := synth(ctx)
	stop()
	jsii.Close()
	if err != nil {
		fmt.Fprint(os.Stderr, config.Explain(err))
		os.Exit(1)
	}
}

func synth(ctx context.Context) (err error) {
	values, err := config.Context(os.Getenv)
	if err != nil {
		return err
	}
	conf, err := config.Load(values)
	if err != nil {
		return errors.Join(err, stacks.CheckPolicies(conf))
	}
	for _, warning := range conf.Connection.Warnings {
		fmt.Fprintln(os.Stderr, "defog-cdk: warning: "+warning)
	}
	place := stacks.Place{
		Local:   stacks.IsLocal(os.Getenv("AWS_ENDPOINT_URL")),
		Account: os.Getenv("CDK_DEFAULT_ACCOUNT"),
		Region:  os.Getenv("CDK_DEFAULT_REGION"),
	}
	inputs, err := stacks.Prepare(ctx, conf, place, defaultDependencies)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, inputs.Remove()) }()

	defer catch(&err)
	app := awscdk.NewApp(&awscdk.AppProps{
		AutoSynth: jsii.Bool(false), // it would write an assembly even after an error
		// Times and jsii's stack traces differ from one assembly to the next.
		PerformanceReporting: jsii.Bool(false),
		StackTraces:          jsii.Bool(false),
		Context:              &map[string]any{"aws:cdk:disable-creation-stack-traces": true},
	})
	if err := os.WriteFile(filepath.Join(*app.Outdir(), ".gitignore"), assemblyIgnore, 0o644); err != nil {
		return fmt.Errorf("keep the cloud assembly out of git: %w", err)
	}
	if err := stacks.New(app, inputs); err != nil {
		return err
	}
	app.Synth(nil)
	return nil
}

// catch turns a panic of jsii, which is how a CDK construct refuses its
// properties, into an error.
func catch(err *error) {
	if thrown := recover(); thrown != nil {
		*err = fmt.Errorf("the CDK refused the app: %v", thrown)
	}
}
