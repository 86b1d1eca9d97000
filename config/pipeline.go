package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Stage is one step of a pipeline, with the stage's configuration.
type Stage struct {
	PipelineStage
	Config Config
}

// pipelineSuffix ends the name of the pipeline's stack, in place of a stage.
const pipelineSuffix = "pipeline"

// PipelineName returns the name of the pipeline's stack, which is its id too.
func (s Settings) PipelineName() string { return s.AppName + "-" + pipelineSuffix }

// readStages reads and checks the settings of each stage of the pipeline. It leaves
// out problems that the pipeline's settings have too.
func (c *checker) readStages(context map[string]any) []*checker {
	reported := map[string]bool{}
	for _, problem := range flatten(errors.Join(c.problems...)) {
		reported[fmt.Sprint(problem)] = true
	}
	var stages []*checker
	for _, stage := range c.PipelineStages {
		if stage.Stage == "" || slices.ContainsFunc(stages, func(s *checker) bool { return s.Stage == stage.Stage }) {
			continue
		}
		selected := maps.Clone(context)
		selected["stage"], selected["pipeline"] = stage.Stage, "false"
		s := read(selected)
		s.checkStage(stage)
		s.problems = slices.DeleteFunc(s.problems, func(problem error) bool { return reported[problem.Error()] })
		stages = append(stages, s)
	}
	return stages
}

// stageProblems returns the problems of all stages, each with its stage.
func stageProblems(stages []*checker) []error {
	var problems []error
	for _, s := range stages {
		for _, problem := range s.problems {
			problems = append(problems, fmt.Errorf("stage %s: %w", s.Stage, problem))
		}
	}
	return problems
}

// loadPipeline returns the configuration of the pipeline and of each stage.
func (c *checker) loadPipeline() (Config, error) {
	config := Config{Settings: c.Settings, origins: c.origins, CommandLine: c.commandLine()}
	for _, s := range c.stages {
		s.checkFiles()
		selected := Config{Settings: s.Settings, origins: s.origins}
		selected.Connection.DBType = s.DBType
		entry := c.PipelineStages[slices.IndexFunc(c.PipelineStages, func(p PipelineStage) bool { return p.Stage == s.Stage })]
		config.Stages = append(config.Stages, Stage{PipelineStage: entry, Config: selected})
	}
	return config, errors.Join(append(c.problems, stageProblems(c.stages)...)...)
}

// commandLine returns the settings from -c as "key=value", sorted. The synth in the
// pipeline needs them again.
func (c *checker) commandLine() []string {
	var settings []string
	for _, key := range slices.Sorted(maps.Keys(c.command)) {
		name, _, _ := strings.Cut(key, ".")
		if _, known := Name(name); !known || c.command[key] == nil {
			continue
		}
		text, isText := c.command[key].(string)
		if !isText {
			data, err := json.Marshal(c.command[key])
			if err != nil {
				panic(err) // the value came from JSON
			}
			text = string(data)
		}
		settings = append(settings, key+"="+text)
	}
	return settings
}
