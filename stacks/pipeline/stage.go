package pipeline

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/pipelines"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/stacks/artifact"
	"defog-cdk/stacks/construct"
)

// Wave is a stage, deployed to all its regions at once.
type Wave struct {
	Name    string
	Approve bool
	Regions []Region
}

// Region is a stage in one region.
type Region struct {
	Environment artifact.Environment
	AppName     string
	StackName   string
	Smoke       SmokeTest

	// New makes the stack. smoke is nil without a role for the smoke test.
	New func(scope constructs.Construct, smoke *construct.SmokeRoleProps) (awscdk.Stack, error)
}

func regionOf(stage *artifact.Stage, newStage NewStage) Region {
	conf := stage.Config
	return Region{
		Environment: stage.Environment, AppName: conf.AppName, StackName: conf.StackName(),
		Smoke: SmokeTest{Question: conf.SmokeQuestion, Expect: conf.SmokeExpect, Auth: conf.APIAuth, Set: conf.SmokeSet, MinAccuracy: conf.SmokeMinAccuracy},
		New: func(scope constructs.Construct, smoke *construct.SmokeRoleProps) (awscdk.Stack, error) {
			return newStage(scope, stage, smoke)
		},
	}
}

// deployer adds stages to a pipeline.
type deployer struct {
	app         constructs.Construct
	stack       awscdk.Stack // the pipeline's
	name        string       // the pipeline's
	environment artifact.Environment
	pipeline    pipelines.CodePipeline
	build       buildStep

	roles []awsiam.Role // of the steps before and after stages
}

// add adds a stage: its approval, then its stack in each of its regions at once,
// and after each the smoke test.
func (d *deployer) add(stage Wave) error {
	var before *[]pipelines.Step
	if stage.Approve {
		before = d.newApproval(stage)
	}
	wave := d.pipeline.AddWave(jsii.String(stage.Name), &pipelines.WaveOptions{Pre: before})
	for _, region := range stage.Regions {
		id := stage.Name
		if len(stage.Regions) > 1 {
			id += "-" + region.Environment.Region
		}
		if err := d.addRegion(wave, id, region); err != nil {
			return err
		}
	}
	return nil
}

// addRegion adds a stage's stack in one region, as a nested assembly.
func (d *deployer) addRegion(wave pipelines.Wave, id string, region Region) error {
	role := d.smokeRole(id, region)
	nested := awscdk.NewStage(d.app, jsii.String(id), &awscdk.StageProps{Env: construct.CDKEnvironment(region.Environment)})
	stack, err := region.New(nested, role)
	if err != nil {
		return err
	}
	deployment := wave.AddStage(nested, nil)
	if region.Smoke.Question != "" {
		deployment.AddPost(d.newSmokeTest(id, region, role, stack))
	}
	return nil
}

// newStepRole makes the role of a step.
func (d *deployer) newStepRole(name, description string) awsiam.Role {
	role := awsiam.NewRole(d.stack, jsii.String(name), &awsiam.RoleProps{
		AssumedBy:   construct.ServicePrincipal("codebuild"),
		RoleName:    jsii.String(construct.RoleName(d.name + "-" + name)),
		Description: jsii.String(description),
	})
	d.roles = append(d.roles, role)
	return role
}
