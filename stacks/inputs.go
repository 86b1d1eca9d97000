package stacks

import (
	"context"
	"errors"

	"defog-cdk/config"
)

// Inputs is what a stack is made from besides constructs: the files to upload
// and the function's environment. They are made before the CDK is loaded, so
// that what is wrong with them shows at once and leaves no assembly behind.
type Inputs struct {
	Place
	Config       config.Config
	Environment  map[string]string
	Dependencies *Dependencies
	Code         *Code    // the query function, or hydrate in front of the user's own; nil for none
	Policies     []Policy // the operator's, for the function's role
	Own          *Own     // the user's own function; nil for the query function
}

// Place is where the stack is to go, as far as is known before it does.
type Place struct {
	Local           bool   // whether the stack is for local AWS, which lacks parts of it
	Account, Region string // those of the CDK CLI's credentials; empty without any
}

// Prepare makes the inputs for the settings. defaults is the folder with the
// dependencies that every query function has. The caller must call Remove.
func Prepare(ctx context.Context, conf config.Config, place Place, defaults string) (*Inputs, error) {
	if conf.OwnFunction() {
		return prepareOwn(ctx, conf, place)
	}
	inputs := &Inputs{Place: place, Config: conf, Code: Compile(ctx, conf)}
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
	return errors.Join(i.Code.Remove(), i.Dependencies.Remove(), i.Own.remove())
}
