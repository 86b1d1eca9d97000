// Command defog-cdk is a CDK app that deploys a query function, or a custom one,
// to AWS. The CDK CLI runs it (see cdk.json) with the settings in the CDK context.
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

	"defog-cdk/config"
	"defog-cdk/internal/kernel"
	"defog-cdk/internal/localaws"
	"defog-cdk/internal/private"
	"defog-cdk/stacks"
	"defog-cdk/stacks/artifact"
)

//go:embed cdk.out.gitignore
var assemblyIgnore []byte // the cloud assembly can contain credentials

const defaultDependencies = "lambda/query/dependencies"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := synth(ctx)
	stop()
	stderr, problem := kernel.Close()
	if err = errors.Join(err, problem); err != nil {
		fmt.Fprint(stderr, config.Explain(err))
		os.Exit(1)
	}
}

func synth(ctx context.Context) error {
	values, err := config.Context(os.Getenv)
	if err != nil {
		return err
	}
	conf, err := config.Load(values)
	if err != nil {
		if err = errors.Join(err, artifact.CheckPolicies(conf)); !config.OnlyMissingFiles(err) {
			return err
		}
		return assemblePlaceholder(conf, err)
	}
	for _, warning := range conf.Connection.Warnings {
		warn(errors.New(warning))
	}
	localAWS := localaws.IsEndpoint(os.Getenv("AWS_ENDPOINT_URL"))
	if localAWS {
		conf.SetDefaultArchitecture(localaws.Architecture())
	}
	environment := artifact.Environment{Account: os.Getenv("CDK_DEFAULT_ACCOUNT"), Region: os.Getenv("CDK_DEFAULT_REGION")}
	artifacts, err := artifact.Prepare(ctx, conf, environment, defaultDependencies)
	if artifact.OnlyUnusableSecrets(err) {
		return assemblePlaceholder(conf, err)
	}
	if err != nil {
		return err
	}
	options := stacks.Options{LocalAWS: localAWS}
	err = assemble(func(app awscdk.App) error { return stacks.New(ctx, app, artifacts, options) })
	return errors.Join(err, artifacts.Remove())
}

// assemblePlaceholder writes a cloud assembly for the commands of the CDK CLI that
// need no more than the stack's name.
func assemblePlaceholder(conf config.Config, err error) error {
	return assemble(func(app awscdk.App) error { return stacks.NewPlaceholder(app, conf, config.Problems(err)) })
}

// assemble writes the cloud assembly of an app, unless build returns an error.
func assemble(build func(awscdk.App) error) (err error) {
	defer func() {
		if thrown := recover(); thrown != nil { // constructs reject properties by a panic of jsii
			err = fmt.Errorf("the CDK rejected the app: %v", thrown)
		}
	}()
	if !kernel.Unpacked() {
		fmt.Fprintln(os.Stderr, "defog-cdk: unpacking the CDK into jsii's cache (once, 10 s or more, 1 GB)")
	}
	app := stacks.NewApp()
	warn(private.Folder(*app.Outdir()))
	if err := os.WriteFile(filepath.Join(*app.Outdir(), ".gitignore"), assemblyIgnore, 0o600); err != nil {
		return fmt.Errorf("keep the cloud assembly out of git: %w", err)
	}
	if err := build(app); err != nil {
		return err
	}
	app.Synth(nil)
	warn(private.Assembly(*app.Outdir()))
	return nil
}

// warn prints an error that does not prevent the synth.
func warn(err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "defog-cdk: warning: %v\n", err)
	}
}
