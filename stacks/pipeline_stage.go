package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/pipelines"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// deployer adds stages to a pipeline.
type deployer struct {
	app      constructs.Construct
	stack    awscdk.Stack // the pipeline's
	pipeline pipelines.CodePipeline
	build    buildStep
	inputs   *Inputs // the pipeline's

	roles []awsiam.Role // of the steps around the stages
}

// add adds a stage: the approval if it asks for one, then its stack in each of
// its regions at once, and behind each the smoke test.
func (d *deployer) add(stage StageInputs) error {
	var before *[]pipelines.Step
	if stage.Approve {
		before = d.newApproval(stage)
	}
	wave := d.pipeline.AddWave(jsii.String(stage.Name), &pipelines.WaveOptions{Pre: before})
	for _, inputs := range stage.Regions {
		id := stage.Name
		if len(stage.Regions) > 1 {
			id += "-" + inputs.Region
		}
		if err := d.addRegion(wave, id, inputs); err != nil {
			return err
		}
	}
	return nil
}

// addRegion adds a stage's stack in one region, as a nested assembly.
func (d *deployer) addRegion(wave pipelines.Wave, id string, inputs *Inputs) error {
	conf := inputs.Config
	smoke := smokeTest{deployer: d, id: id, inputs: inputs}
	if conf.SmokeQuestion != "" && conf.APIAuth == "iam" {
		inputs.Smoke = &SmokeRoleProps{
			Name:          roleName(conf.AppName + "-" + id + "-smoke"),
			CallerAccount: d.inputs.Account,
			Caller:        smoke.caller(),
			Local:         inputs.Local,
		}
	}
	nested := awscdk.NewStage(d.app, jsii.String(id), &awscdk.StageProps{Env: inputs.environment()})
	stack, err := NewStageStack(nested, inputs)
	if err != nil {
		return err
	}
	deployment := wave.AddStage(nested, nil)
	if conf.SmokeQuestion != "" {
		deployment.AddPost(smoke.step(stack))
	}
	return nil
}

// newStepRole makes the role of a step of ours.
func (d *deployer) newStepRole(name, description string) awsiam.Role {
	role := awsiam.NewRole(d.stack, jsii.String(name), &awsiam.RoleProps{
		AssumedBy:   servicePrincipal("codebuild"),
		RoleName:    jsii.String(roleName(d.inputs.Config.PipelineName() + "-" + name)),
		Description: jsii.String(description),
	})
	d.roles = append(d.roles, role)
	return role
}
