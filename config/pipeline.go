package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Stage is one step of a pipeline, with what the stage is made from.
type Stage struct {
	PipelineStage
	Config Config
}

// pipelineSuffix ends the pipeline's name, where a stack of the query function
// has its stage.
const pipelineSuffix = "pipeline"

// ownStages are the pipeline's own, as CDK Pipelines names them.
var ownStages = []string{"Source", "Build", "UpdatePipeline", "Assets"}

// PipelineName is the name and id of the pipeline's stack.
func (s Settings) PipelineName() string { return s.AppName + "-" + pipelineSuffix }

// checkPipeline returns what is wrong with the pipeline itself.
func (c *checker) checkPipeline() {
	c.checkTags("tags", c.Tags)
	c.checkSecrets()
	if c.given("stage") {
		c.failf("stage", "does not go with pipeline=true, where pipeline_stages says the stages; to deploy one by hand, say pipeline=false")
	}
	if n := len(c.PipelineName()); n > 128 {
		c.failf("app_name", "the pipeline's name %s has %d characters; valid: 128 at the most", c.PipelineName(), n)
	}
	c.checkPipelineSource()
	if len(c.PipelineStages) == 0 {
		c.failf("pipeline_stages", `missing; valid: [{"stage": "test"}, {"stage": "prod", "account": "123456789012", "region": "eu-central-1", "approve": true}]`)
	}
	seen := map[string]bool{}
	for i, stage := range c.PipelineStages {
		key := fmt.Sprintf("pipeline_stages.%d.stage", i+1)
		switch {
		case stage.Stage == "" && !c.given(key):
			c.failf(key, "missing; valid: %s", forms["stage"].says)
		case stage.Stage == pipelineSuffix:
			c.failf(key, "its stack would have the pipeline's own name, %s; choose another", c.PipelineName())
		case slices.Contains(ownStages, stage.Stage), stage.Stage == c.PipelineName():
			c.failf(key, "%s is the pipeline's own; choose another", stage.Stage)
		case stage.Stage != "" && seen[stage.Stage]:
			c.failf(key, "%s is there twice; to deploy it in several regions, name them in its regions", stage.Stage)
		}
		seen[stage.Stage] = true
	}
}

func (c *checker) checkPipelineSource() {
	const key = "pipeline_source."
	source := c.PipelineSource
	if source == nil {
		c.failf("pipeline_source", "missing; valid: connection_arn and repository (owner/name), repository alone (CodeCommit), or bucket and key")
		return
	}
	bucket, repository, connection := c.given(key+"bucket"), c.given(key+"repository"), c.given(key+"connection_arn")
	owned := strings.Contains(source.Repository, "/")
	switch {
	case bucket && (repository || connection || c.given(key+"branch")):
		c.failf(key+"bucket", "does not go with connection_arn, repository and branch; give one kind of source")
	case bucket != c.given(key+"key"):
		c.failf(key+"bucket", "goes together with key; give both or none")
	case bucket:
	case !repository:
		c.failf(key+"repository", "missing; valid: %s", forms["repository"].says)
	case connection && !owned:
		c.failf(key+"repository", "%q has no owner; valid with connection_arn: owner/name", source.Repository)
	case !connection && owned:
		c.failf(key+"connection_arn", "missing; %s is no CodeCommit repository: valid: %s", source.Repository, forms["connection"].says)
	}
}

// readStages reads and checks the settings of each stage of the pipeline. What
// is wrong with the pipeline's own settings is said of them alone.
func (c *checker) readStages(context map[string]any) []*checker {
	said := map[string]bool{}
	for _, problem := range flatten(errors.Join(c.problems...)) {
		said[fmt.Sprint(problem)] = true
	}
	var stages []*checker
	for _, stage := range c.PipelineStages {
		if stage.Stage == "" || slices.ContainsFunc(stages, func(s *checker) bool { return s.Stage == stage.Stage }) {
			continue
		}
		own := maps.Clone(context)
		own["stage"], own["pipeline"] = stage.Stage, "false"
		s := read(own)
		s.checkStage(stage)
		s.problems = slices.DeleteFunc(s.problems, func(problem error) bool { return said[problem.Error()] })
		stages = append(stages, s)
	}
	return stages
}

// oneOfAKind are the settings that name what is in one region, or what an account
// has but once: the stacks of several regions cannot share it.
var oneOfAKind = []string{
	"api_gateway_custom_domain", "function_budget_name", "function_role_name", "function_s3_bucket", "function_source_dist_key", "kms_key_arn",
	"layers", "results_bucket", "security_group_ids", "subnet_ids", "vpc_id",
}

// checkStage checks what a pipeline asks of a stage.
func (c *checker) checkStage(stage PipelineStage) {
	for _, key := range oneOfAKind {
		if len(stage.Regions) > 1 && c.given(key) {
			c.failf(key, "names one thing, and the stage is in %s; give each region a stage of its own, or remove it", strings.Join(stage.Regions, ", "))
		}
	}
	switch {
	case c.CustomFunction(): // it has none
	case !c.given("credentials_secret"):
		c.failf("credentials_secret", "missing; a pipeline takes credentials from Secrets Manager alone: "+
			"create the secret by go run ./cmd/defog secret put -c app_name=%s --stage %[2]s, and name it in stages.%[2]s.credentials_secret, with its db_type", c.AppName, stage.Stage)
	case strings.HasPrefix(c.CredentialsSecret, "arn:"):
		// The function asks Secrets Manager in its own region.
		home := strings.Split(c.CredentialsSecret, ":")[3]
		if slices.ContainsFunc(stage.Regions, func(region string) bool { return region != home }) {
			c.failf("credentials_secret", "is in %s, and the stage in %s; valid: the secret's name, with the secret (or a replica) in each of these regions",
				home, strings.Join(stage.Regions, ", "))
		}
	}
}

// stageProblems are those of all stages, each naming its stage.
func stageProblems(stages []*checker) []error {
	var problems []error
	for _, s := range stages {
		for _, problem := range s.problems {
			problems = append(problems, fmt.Errorf("stage %s: %w", s.Stage, problem))
		}
	}
	return problems
}

// loadPipeline completes the configuration of each stage.
func (c *checker) loadPipeline() (Config, error) {
	config := Config{Settings: c.Settings, origins: c.origins, CommandLine: c.commandLine()}
	for _, s := range c.stages {
		s.checkFiles()
		own := Config{Settings: s.Settings, origins: s.origins}
		own.Connection.DBType = s.DBType
		entry := c.PipelineStages[slices.IndexFunc(c.PipelineStages, func(p PipelineStage) bool { return p.Stage == s.Stage })]
		config.Stages = append(config.Stages, Stage{PipelineStage: entry, Config: own})
	}
	return config, errors.Join(append(c.problems, stageProblems(c.stages)...)...)
}

// commandLine returns the settings that -c gave as "key=value", sorted: the
// pipeline's own synth must be told them again.
func (c *checker) commandLine() []string {
	var said []string
	for _, key := range slices.Sorted(maps.Keys(c.command)) {
		name, _, _ := strings.Cut(key, ".")
		if _, known := Name(name); !known || c.command[key] == nil {
			continue
		}
		text, isText := c.command[key].(string)
		if !isText {
			data, err := json.Marshal(c.command[key])
			if err != nil {
				panic(err) // it came from JSON
			}
			text = string(data)
		}
		said = append(said, key+"="+text)
	}
	return said
}
