// Program many is a CDK app with a number of query stacks, each for another stage. Its
// argument is the number. The CDK CLI or bench/synth starts it in the checkout, with
// the settings in the CDK context.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strconv"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
	"defog-cdk/stacks/artifact"
	"defog-cdk/stacks/query"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: many COUNT")
	}
	count, err := strconv.Atoi(os.Args[1])
	if err == nil {
		err = synth(context.Background(), count)
	}
	jsii.Close()
	if err != nil {
		log.Fatal(err)
	}
}

func synth(ctx context.Context, count int) (err error) {
	values, err := config.Context(os.Getenv)
	if err != nil {
		return err
	}
	conf, err := config.Load(values)
	if err != nil {
		return err
	}
	artifacts, err := artifact.Prepare(ctx, conf, artifact.Environment{}, "lambda/query/dependencies")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, artifacts.Remove()) }()

	app := awscdk.NewApp(&awscdk.AppProps{
		AutoSynth:            jsii.Bool(false),
		PerformanceReporting: jsii.Bool(false),
		StackTraces:          jsii.Bool(false),
		Context:              &map[string]any{"aws:cdk:disable-creation-stack-traces": true},
	})
	for i := range count {
		values["stage"] = fmt.Sprintf("stage%d", i+1)
		if conf, err = config.Load(values); err != nil {
			return err
		}
		stage := *artifacts.Stage // all stages share the program and the dependencies
		stage.Config = conf
		if _, err := query.NewStack(app, conf.StackName(), query.StackPropsOf(&stage)); err != nil {
			return err
		}
	}
	app.Synth(nil)
	return nil
}
