package stacks

import (
	"strings"

	"defog-cdk/config"
)

// front is where lambda/hydrate stands, which readies the dependencies before
// the runtime starts.
type front int

const (
	noFront               front = iota // there is nothing to be readied, or the handler does it
	beforeRuntime                      // in a layer, as AWS_LAMBDA_EXEC_WRAPPER of a managed runtime
	beforeBucketBootstrap              // in a layer, as the bootstrap that code in a bucket lacks
	asBootstrap                        // in the code, as its bootstrap
)

// frontOf is where hydrate stands for the settings. Local AWS knows no wrapper
// and mounts no layers for provided runtimes: there it is the bootstrap.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html#runtime-wrapper
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html
func frontOf(conf config.Config, place Place) front {
	python := strings.HasPrefix(conf.Runtime, "python")
	switch provided := conf.Runtime == config.ProvidedRuntime; {
	case !conf.Hydrate || !conf.HasDependencies():
		return noFront
	case place.Local && (python || provided), provided && conf.DistZip != "":
		return asBootstrap
	case place.Local:
		return noFront
	case provided:
		return beforeBucketBootstrap
	}
	return beforeRuntime
}

// wrapper is the file that a managed runtime is started by.
const wrapper = "hydrate"

// program is hydrate, by the name that it has there.
func (f front) program(conf config.Config) program {
	file := bootstrap
	if f == beforeRuntime {
		file = wrapper
	}
	return program{"defog-cdk/lambda/hydrate", "lambda.norpc", conf.Architecture, file}
}
