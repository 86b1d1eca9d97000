package config

import (
	"fmt"
	"slices"
	"strings"
)

// reservedStages are the names of CDK Pipelines' stages.
var reservedStages = []string{"Source", "Build", "UpdatePipeline", "Assets"}

// checkPipeline checks the settings of the pipeline itself.
func (c *checker) checkPipeline() {
	c.checkTags("tags", c.Tags)
	c.checkSecrets()
	if c.given("stage") {
		c.failf("stage", "contradicts pipeline=true, which deploys pipeline_stages; want pipeline=false for a single stage")
	}
	if n := len(c.PipelineName()); n > 128 {
		c.failf("app_name", "the pipeline's name %s has %d characters; want at most 128", c.PipelineName(), n)
	}
	c.checkPipelineSource()
	if len(c.PipelineStages) == 0 {
		c.failf("pipeline_stages", `missing; want [{"stage": "test"}, {"stage": "prod", "account": "123456789012", "region": "eu-central-1", "approve": true}]`)
	}
	seen := map[string]bool{}
	for i, stage := range c.PipelineStages {
		key := fmt.Sprintf("pipeline_stages.%d.stage", i+1)
		switch {
		case stage.Stage == "" && !c.given(key):
			c.failf(key, "missing; want %s", forms["stage"].description)
		case stage.Stage == pipelineSuffix:
			c.failf(key, "reserved: the stack would have the pipeline's name, %s; want another name", c.PipelineName())
		case slices.Contains(reservedStages, stage.Stage), stage.Stage == c.PipelineName():
			c.failf(key, "%s is reserved by the pipeline; want another name", stage.Stage)
		case stage.Stage != "" && seen[stage.Stage]:
			c.failf(key, "%s is duplicated; want one entry, with several regions if need be", stage.Stage)
		}
		seen[stage.Stage] = true
	}
}

func (c *checker) checkPipelineSource() {
	const key = "pipeline_source."
	source := c.PipelineSource
	if source == nil {
		c.failf("pipeline_source", "missing; want connection_arn and repository (owner/name), repository alone (CodeCommit), or bucket and key")
		return
	}
	bucket, repository, connection := c.given(key+"bucket"), c.given(key+"repository"), c.given(key+"connection_arn")
	hasOwner := strings.Contains(source.Repository, "/")
	switch {
	case bucket && (repository || connection || c.given(key+"branch")):
		c.failf(key+"bucket", "contradicts connection_arn, repository and branch; want one kind of source")
	case bucket != c.given(key+"key"):
		c.failf(key+"bucket", "bucket and key belong together; want both or neither")
	case bucket:
	case !repository:
		c.failf(key+"repository", "missing; want %s", forms["repository"].description)
	case connection && !hasOwner:
		c.failf(key+"repository", "%q has no owner; want owner/name with connection_arn", source.Repository)
	case !connection && hasOwner:
		c.failf(key+"connection_arn", "missing; want %s, because %s is not in CodeCommit", forms["connection"].description, source.Repository)
	}
}

// regionalKeys are the settings that name a resource of one region, or one that is
// unique in an account. Stacks in several regions cannot share it.
var regionalKeys = []string{
	"api_gateway_custom_domain", "function_budget_name", "function_role_name", "function_s3_bucket", "function_source_dist_key", "kms_key_arn",
	"layers", "results_bucket", "security_group_ids", "subnet_ids", "vpc_id",
}

// checkStage checks a pipeline's requirements of a stage.
func (c *checker) checkStage(stage PipelineStage) {
	for _, key := range regionalKeys {
		if len(stage.Regions) > 1 && c.given(key) {
			c.failf(key, "names one resource, but the stage is in %s; want one stage per region", strings.Join(stage.Regions, ", "))
		}
	}
	switch {
	case c.CustomFunction(): // without credentials
	case !c.given("credentials_secret"):
		c.failf("credentials_secret", "missing; want a secret in stages.%[2]s, with its db_type, because a pipeline reads credentials from Secrets Manager only. "+
			"To create it: go run ./cmd/defog secret put -c app_name=%[1]s --stage %[2]s", c.AppName, stage.Stage)
	case strings.HasPrefix(c.CredentialsSecret, "arn:"):
		// The function reads the secret in its own region.
		home := strings.Split(c.CredentialsSecret, ":")[3]
		if slices.ContainsFunc(stage.Regions, func(region string) bool { return region != home }) {
			c.failf("credentials_secret", "in %s, but the stage is in %s; want the secret's name, and the secret or a replica in each of these regions",
				home, strings.Join(stage.Regions, ", "))
		}
	}
}
