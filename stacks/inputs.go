package stacks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

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

	// Stages are those of a pipeline, in its order. The pipeline itself has none
	// of the files above.
	Stages []StageInputs

	// Smoke is the role with which a pipeline asks its smoke question; nil for
	// none.
	Smoke *SmokeRoleProps
}

// StageInputs are those of a pipeline's stage, in each of its regions.
type StageInputs struct {
	Name    string
	Approve bool
	Regions []*Inputs
}

// Place is where the stack is to go, as far as is known before it does.
type Place struct {
	Local           bool   // whether the stack is for local AWS, which lacks parts of it
	Account, Region string // those of the CDK CLI's credentials; empty without any
}

// Prepare makes the inputs for the settings. defaults is the folder with the
// dependencies that every query function has. The caller must call Remove.
func Prepare(ctx context.Context, conf config.Config, place Place, defaults string) (*Inputs, error) {
	workshop := workshop{defaults: defaults, code: map[program]*Code{}, dependencies: map[string]*Dependencies{}}
	if conf.Pipeline {
		return workshop.preparePipeline(ctx, conf, place)
	}
	return workshop.prepare(ctx, conf, place)
}

// Remove deletes the files that Prepare made.
func (i *Inputs) Remove() error {
	var problems []error
	for _, stage := range i.Stages {
		for _, inputs := range stage.Regions {
			problems = append(problems, inputs.Remove())
		}
	}
	return errors.Join(append(problems, i.Code.Remove(), i.Dependencies.Remove(), i.Own.remove())...)
}

// workshop makes inputs, and what several stages need alike only once.
type workshop struct {
	defaults     string
	code         map[program]*Code
	dependencies map[string]*Dependencies // by the operator's part of them
}

func (w *workshop) prepare(ctx context.Context, conf config.Config, place Place) (*Inputs, error) {
	if conf.CustomFunction() {
		return w.prepareOwn(ctx, conf, place)
	}
	inputs := &Inputs{Place: place, Config: conf, Code: w.compile(ctx, queryProgram(conf))}
	policies, problem := readPolicies(conf)
	inputs.Policies = policies
	var err error
	if inputs.Dependencies, err = w.pack(conf.Dependencies); err == nil {
		problem = errors.Join(problem, checkExtraction(conf, inputs.Dependencies))
		inputs.Environment, err = environment(conf, inputs.Dependencies.Hash)
	}
	if err = errors.Join(problem, err); err != nil {
		return nil, errors.Join(err, inputs.Remove())
	}
	return inputs, nil
}

// preparePipeline makes the inputs of every stage in each of its regions.
func (w *workshop) preparePipeline(ctx context.Context, conf config.Config, place Place) (*Inputs, error) {
	inputs := &Inputs{Place: pipelinePlace(conf, place), Config: conf}
	problems := inputs.checkPlace(conf.Stages)
	for _, stage := range conf.Stages {
		made := StageInputs{Name: stage.Stage, Approve: stage.Approve}
		for _, place := range stagePlaces(stage, inputs.Place) {
			here, err := w.prepare(ctx, stage.Config, place)
			if err != nil {
				problems = append(problems, fmt.Errorf("stage %s: %w", stage.Stage, err))
				break // it would be the same elsewhere
			}
			made.Regions = append(made.Regions, here)
		}
		inputs.Stages = append(inputs.Stages, made)
	}
	if len(problems) > 0 {
		return nil, errors.Join(append(problems, inputs.Remove())...)
	}
	return inputs, nil
}

// pipelinePlace is where the pipeline goes: where the settings say, or else
// where the CDK CLI's credentials lead. Without any, as for a synth that only
// looks, the pipeline is taken to be where its first stage is.
func pipelinePlace(conf config.Config, place Place) Place {
	if place.Account == "" {
		place.Region = "" // a guess of the CLI's
	}
	first := conf.Stages[0]
	place.Account = cmp.Or(conf.PipelineAccount, place.Account, first.Account)
	place.Region = cmp.Or(conf.PipelineRegion, place.Region)
	if place.Region == "" && len(first.Regions) > 0 {
		place.Region = first.Regions[0]
	}
	return place
}

// checkPlace makes sure that a pipeline knows where it is when it is to deploy
// somewhere else: the CDK asks for that.
func (p Place) checkPlace(stages []config.Stage) []error {
	elsewhere := slices.ContainsFunc(stages, func(s config.Stage) bool { return s.Account != "" || len(s.Regions) > 0 })
	if !elsewhere || p.Account != "" && p.Region != "" {
		return nil
	}
	return []error{errors.New("pipeline_account, pipeline_region: pipeline_stages names accounts or regions, so the pipeline's own must be known; " +
		"set them, or log in: the default is what the CDK CLI's credentials say")}
}

// stagePlaces are where the stage goes: by default where the pipeline is.
func stagePlaces(stage config.Stage, pipeline Place) (places []Place) {
	pipeline.Account = cmp.Or(stage.Account, pipeline.Account)
	if len(stage.Regions) == 0 {
		return []Place{pipeline}
	}
	for _, region := range stage.Regions {
		pipeline.Region = region
		places = append(places, pipeline)
	}
	return places
}

// compile starts the compiler, unless it has been for such a program.
func (w *workshop) compile(ctx context.Context, wanted program) *Code {
	if w.code[wanted] == nil {
		w.code[wanted] = build(ctx, wanted)
	}
	return w.code[wanted]
}

func (w *workshop) pack(source string) (*Dependencies, error) {
	if made := w.dependencies[source]; made != nil {
		return made, nil
	}
	made, err := PackDependencies(w.defaults, source)
	w.dependencies[source] = made
	return made, err
}
