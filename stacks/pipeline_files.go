package stacks

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"defog-cdk/config"
)

// warnOfFiles warns of files that settings name and that are not in the
// checkout, for the pipeline builds nothing else.
func warnOfFiles(stack awscdk.Stack, conf config.Config) {
	named := []string{conf.SettingsFile}
	for _, stage := range conf.Stages {
		named = append(named, stage.Config.Dependencies, stage.Config.DistZip, stage.Config.IAMPolicyFile)
	}
	slices.Sort(named)
	outside := slices.DeleteFunc(slices.Compact(named), func(path string) bool { return path == "" || inCheckout(path) })
	if len(outside) > 0 {
		awscdk.Annotations_Of(stack).AddWarningV2(jsii.String("defog:not-in-checkout"), jsii.String(
			"The pipeline will not find what is not in its source: "+strings.Join(outside, ", ")+". Put it into the checkout, and name it by a path from there."))
	}
}

// inCheckout reports whether a path is below the current folder, in which the
// app runs.
func inCheckout(path string) bool {
	here, err := filepath.Abs(".")
	if err != nil || strings.HasPrefix(path, "~") {
		return false
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(here, path)
	}
	below, err := filepath.Rel(here, path)
	return err == nil && filepath.IsLocal(below)
}
