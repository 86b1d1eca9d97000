package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// sixStages is a pipeline of six stages in two accounts and three regions.
const sixStages = `{
	"pipeline_source": {"repository": "defog-cdk"}, "pipeline_account": "111111111111", "pipeline_region": "eu-west-1",
	"pipeline_stages": [
		{"stage": "one", "account": "222222222222", "region": "eu-west-1"}, {"stage": "two", "account": "222222222222", "region": "us-east-1"},
		{"stage": "three", "account": "222222222222", "region": "eu-west-1", "approve": true}, {"stage": "four", "account": "333333333333", "region": "eu-west-1"},
		{"stage": "five", "account": "333333333333", "region": "ap-southeast-2"}, {"stage": "six", "account": "333333333333", "region": "us-east-1", "approve": true}
	],
	"credentials_secret": "bench/defog", "db_type": "postgres", "smoke_question": "How many?"
}`

// comparePipeline measures a pipeline of six stages against one of its stages
// alone, as the app makes both, compiled before.
func comparePipeline(ctx context.Context, rounds int, directory, _ string) error {
	checkout, program := filepath.Join(directory, "checkout"), filepath.Join(directory, "app")
	if err := copyCheckout(ctx, checkout); err != nil {
		return fmt.Errorf("copy the checkout: %w", err)
	}
	log.Print("compiling the app")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, ".")
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", build, err, output)
	}
	file := filepath.Join(directory, "settings.json")
	if err := os.WriteFile(file, []byte(sixStages), 0o600); err != nil {
		return fmt.Errorf("write the settings: %w", err)
	}

	log.Print("warming up")
	unedited := slices.DeleteFunc(ways(), func(w way) bool { return w.edit })
	var apps []*app
	for _, pipeline := range []string{"true", "false"} {
		a := &app{directory: checkout, command: program, settings: []string{"-c", "app_name=bench", "-c", "settings_file=" + file, "-c", "pipeline=" + pipeline}}
		if err := a.warm(ctx, unedited); err != nil {
			return err
		}
		apps = append(apps, a)
	}
	measured, err := measure(ctx, rounds, unedited, apps...)
	if err != nil {
		return err
	}
	return measured.print(unedited, "a pipeline of six stages", "one stage")
}
