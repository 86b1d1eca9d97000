package stacks

import (
	"context"
	"errors"

	"defog-cdk/config"
)

// Inputs is what the query stack is made from besides constructs: the files to
// upload and the function's environment. They are made before the CDK is
// loaded, so that what is wrong with them shows at once and leaves no assembly
// behind.
type Inputs struct {
	Config       config.Config
	Environment  map[string]string
	Dependencies *Dependencies
	Code         *Code
	Policies     []Policy // the operator's, for the function's role

	Local           bool   // whether the stack is for local AWS, which lacks parts of it
	Account, Region string // those of the CDK CLI's credentials; empty without any
}

// Prepare makes the inputs for the settings. defaults is the folder with the
// dependencies that every function has. The caller must call Remove.
func Prepare(ctx context.Context, conf config.Config, defaults string) (*Inputs, error) {
	code := Compile(ctx, conf)
	inputs := &Inputs{Config: conf, Code: code}
	policies, problem := readPolicies(conf)
	inputs.Policies = policies
	var err error
	if inputs.Dependencies, err = PackDependencies(defaults, conf.Dependencies); err == nil {
		inputs.Environment, err = environment(conf, inputs.Dependencies.Hash)
	}
	if err = errors.Join(problem, err); err != nil {
		return nil, errors.Join(err, inputs.Remove())
	}
	return inputs, nil
}

// Remove deletes the files that Prepare made.
func (i *Inputs) Remove() error {
	return errors.Join(i.Code.Remove(), i.Dependencies.Remove())
}
