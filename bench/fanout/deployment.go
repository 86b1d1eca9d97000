package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"defog-cdk/local"
)

// app is the setting app_name.
const app = "bench-fanout"

// deployment is a stack with the setting fan_out on a local AWS. Its function is the
// program stub.
type deployment struct {
	*local.AWS
	directory string            // of files; removed at the end
	outputs   map[string]string // of the stack
	s3        *s3.Client
	sfn       *sfn.Client
}

func open(ctx context.Context) (_ *deployment, err error) {
	d := &deployment{}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close())
		}
	}()
	if d.directory, err = os.MkdirTemp("", "defog-bench-"); err != nil {
		return nil, err
	}
	if d.AWS, err = local.Start(ctx, ".", local.Persist(d.path("state"), "")); err != nil {
		return nil, err
	}
	d.s3 = s3.NewFromConfig(d.Config(), func(o *s3.Options) { o.UsePathStyle = true })
	d.sfn = sfn.NewFromConfig(d.Config())
	for program, source := range map[string]string{d.path("defog"): "./cmd/defog", d.path("stub", "bootstrap"): "./bench/fanout/stub"} {
		build := exec.CommandContext(ctx, "go", "build", "-o", program, source)
		build.Env = append(build.Environ(), "CGO_ENABLED=0")
		if text, err := build.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build %s: %w\n%s", source, err, text)
		}
	}
	var out bytes.Buffer
	if err := d.Bootstrap(ctx, &out); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, &out)
	}
	if d.outputs, err = d.deploy(ctx, app, "function_runtime=provided.al2023", "function_source_dist_zip="+d.path("stub")); err != nil {
		return nil, err
	}
	// What is persisted here survives a kill.
	if err := d.Shutdown(); err != nil {
		return nil, err
	}
	return d, d.restart(ctx)
}

// deploy deploys an app with the setting fan_out, and returns the outputs of its stack.
func (d *deployment) deploy(ctx context.Context, app string, settings ...string) (map[string]string, error) {
	args := []string{"--outputs-file", d.path("outputs.json"), "-c", "app_name=" + app}
	for _, setting := range append(settings, "fan_out=true") {
		args = append(args, "-c", setting)
	}
	var out bytes.Buffer
	if err := d.Deploy(ctx, &out, args...); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, &out)
	}
	content, err := os.ReadFile(d.path("outputs.json"))
	if err != nil {
		return nil, err
	}
	var stacks map[string]map[string]string
	if err := json.Unmarshal(content, &stacks); err != nil {
		return nil, fmt.Errorf("outputs of the stack: %w", err)
	}
	return stacks[app+"-dev"], nil
}

// restart starts the local AWS again, after its end.
func (d *deployment) restart(ctx context.Context) (err error) {
	d.AWS, err = local.Start(ctx, ".", local.Persist(d.path("state"), d.Address()))
	return err
}

func (d *deployment) path(elements ...string) string {
	return filepath.Join(append([]string{d.directory}, elements...)...)
}

func (d *deployment) close() error {
	var err error
	if d.AWS != nil {
		err = d.Stop()
	}
	return errors.Join(err, os.RemoveAll(d.directory))
}

// eval prepares `defog eval` for an app, with its output going to log.
func (d *deployment) eval(ctx context.Context, log *bytes.Buffer, app string, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, d.path("defog"), append([]string{"eval", "-c", "app_name=" + app}, args...)...)
	command.Env = d.Environ(os.Environ())
	command.Stdout, command.Stderr = log, log
	return command
}

// writeItems writes the items of a run, and returns the files of the items and of the
// ledger.
func (d *deployment) writeItems(run string, n int, work time.Duration) (items, ledger string, err error) {
	items, ledger = d.path(run+".jsonl"), d.path(run+".ledger")
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	for i := range n {
		if err := encoder.Encode(event(ledger, i, work)); err != nil {
			return "", "", err
		}
	}
	return items, ledger, os.WriteFile(items, lines.Bytes(), 0o600)
}

func event(ledger string, item int, work time.Duration) map[string]any {
	return map[string]any{"ledger": ledger, "item": item, "work": work}
}

// done returns the items of a run that are done, which have an object.
func (d *deployment) done(ctx context.Context, run string) (map[int]bool, error) {
	done, folder := map[int]bool{}, "runs/"+run+"/done/"
	pages := s3.NewListObjectsV2Paginator(d.s3, &s3.ListObjectsV2Input{Bucket: aws.String(d.outputs["BucketName"]), Prefix: &folder})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, object := range page.Contents {
			var item int
			if _, err := fmt.Sscanf((*object.Key)[len(folder):], "%d", &item); err != nil {
				return nil, fmt.Errorf("%s: %w", *object.Key, err)
			}
			done[item] = true
		}
	}
	return done, nil
}
