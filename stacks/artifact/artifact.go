// Package artifact makes what a stack consists of besides CDK constructs:
// compiled programs, zips, checked policies and the function's variables. It
// runs before the CDK is loaded and does not import it, so that invalid input
// shows at once and leaves no cloud assembly behind.
package artifact

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"defog-cdk/config"
)

// Environment is the account and the region that a stack goes to. Both are
// empty while they are unknown.
type Environment struct{ Account, Region string }

// Artifacts are those of the app: of one stage, or of a pipeline.
type Artifacts struct {
	Stage    *Stage    // nil with a pipeline
	Pipeline *Pipeline // nil without one
}

// Stage holds the artifacts of a stage in one environment. Exactly one of Query
// and Custom is not nil.
type Stage struct {
	Environment
	Config   config.Config
	Policies []Policy // the operator's, for the function's role
	Query    *Query
	Custom   *Custom
}

// Pipeline holds the artifacts of a pipeline's waves, in their order.
type Pipeline struct {
	Environment
	Config config.Config
	Waves  []Wave
}

// Wave is one stage of a pipeline, in each of its regions.
type Wave struct {
	Name    string
	Approve bool
	Regions []*Stage
}

// Prepare makes the artifacts for the settings. environment is that of the CDK
// CLI's credentials, and defaults the folder with the dependencies of every
// query function. The caller must call Remove.
func Prepare(ctx context.Context, conf config.Config, environment Environment, defaults string) (*Artifacts, error) {
	p := newPreparer(defaults)
	p.secrets.account = environment.Account
	if conf.Pipeline {
		pipeline, err := p.pipeline(ctx, conf, environment)
		return &Artifacts{Pipeline: pipeline}, err
	}
	stage, err := p.stage(ctx, conf, environment, environment.Region)
	if err != nil {
		return nil, errors.Join(err, stage.remove())
	}
	return &Artifacts{Stage: stage}, nil
}

// Remove deletes the files that Prepare made.
func (a *Artifacts) Remove() error {
	return errors.Join(a.Stage.remove(), a.Pipeline.remove())
}

func (p *Pipeline) remove() error {
	if p == nil {
		return nil
	}
	var problems []error
	for _, wave := range p.Waves {
		for _, stage := range wave.Regions {
			problems = append(problems, stage.remove())
		}
	}
	return errors.Join(problems...)
}

func (s *Stage) remove() error {
	if s == nil {
		return nil
	}
	return errors.Join(s.Query.Remove(), s.Custom.remove())
}

// preparer makes artifacts, and what several stages share only once.
type preparer struct {
	defaults     string
	programs     map[source]*Program
	dependencies map[string]*Zip // by the operator's folder or zip
	secrets      secretLookup
}

func newPreparer(defaults string) *preparer {
	return &preparer{defaults: defaults, programs: map[source]*Program{}, dependencies: map[string]*Zip{}}
}

// stage makes the artifacts of a stage in one environment. primary is the first of
// its regions. After an error, too, the caller must remove them: later stages share
// them.
func (p *preparer) stage(ctx context.Context, conf config.Config, environment Environment, primary string) (*Stage, error) {
	stage := &Stage{Environment: environment, Config: conf}
	secret := p.secrets.start(ctx, conf, environment, primary)
	policies, problem := readPolicies(conf)
	stage.Policies = policies
	var err error
	if conf.CustomFunction() {
		stage.Custom, err = p.custom(ctx, conf, environment)
	} else {
		stage.Query, err = p.query(ctx, QuerySettingsOf(conf))
	}
	return stage, errors.Join(problem, err, secret())
}

// pipeline makes the artifacts of every stage in each of its regions.
func (p *preparer) pipeline(ctx context.Context, conf config.Config, environment Environment) (*Pipeline, error) {
	pipeline := &Pipeline{Environment: pipelineEnvironment(conf, environment), Config: conf}
	problems := pipeline.check()
	for _, stage := range conf.Stages {
		wave := Wave{Name: stage.Stage, Approve: stage.Approve}
		environments := stageEnvironments(stage, pipeline.Environment)
		for _, environment := range environments {
			made, err := p.stage(ctx, stage.Config, environment, environments[0].Region)
			wave.Regions = append(wave.Regions, made)
			if err != nil {
				for _, problem := range config.Problems(err) {
					problems = append(problems, fmt.Errorf("stage %s: %w", stage.Stage, problem))
				}
				break // other regions have the same problems
			}
		}
		pipeline.Waves = append(pipeline.Waves, wave)
	}
	if len(problems) > 0 {
		return nil, errors.Join(append(problems, pipeline.remove())...)
	}
	return pipeline, nil
}

// pipelineEnvironment returns the settings' account and region, or else those of
// the CDK CLI's credentials. Without credentials it returns those of the first
// stage, so that a template can still be synthesised.
func pipelineEnvironment(conf config.Config, environment Environment) Environment {
	if environment.Account == "" {
		environment.Region = "" // the CLI's guess
	}
	first := conf.Stages[0]
	environment.Account = cmp.Or(conf.PipelineAccount, environment.Account, first.Account)
	environment.Region = cmp.Or(conf.PipelineRegion, environment.Region)
	if environment.Region == "" && len(first.Regions) > 0 {
		environment.Region = first.Regions[0]
	}
	return environment
}

// check requires the pipeline's own environment when a stage names one: the CDK
// deploys across environments only from a known one.
func (p *Pipeline) check() []error {
	across := slices.ContainsFunc(p.Config.Stages, func(s config.Stage) bool { return s.Account != "" || len(s.Regions) > 0 })
	if !across || p.Account != "" && p.Region != "" {
		return nil
	}
	return []error{errors.New("pipeline_account, pipeline_region: missing; want both when pipeline_stages names accounts or regions; " +
		"set them, or log in: the default comes from the CDK CLI's credentials")}
}

// stageEnvironments returns the environments of a stage: by default the
// pipeline's.
func stageEnvironments(stage config.Stage, pipeline Environment) (environments []Environment) {
	pipeline.Account = cmp.Or(stage.Account, pipeline.Account)
	if len(stage.Regions) == 0 {
		return []Environment{pipeline}
	}
	for _, region := range stage.Regions {
		pipeline.Region = region
		environments = append(environments, pipeline)
	}
	return environments
}

// program starts the compiler, unless the same program was started before.
func (p *preparer) program(ctx context.Context, from source) *Program {
	if p.programs[from] == nil {
		p.programs[from] = start(ctx, from)
	}
	return p.programs[from]
}

func (p *preparer) pack(source string) (*Zip, error) {
	if made := p.dependencies[source]; made != nil {
		return made, nil
	}
	made, err := PackDependencies(p.defaults, source)
	p.dependencies[source] = made
	return made, err
}
