package main

import (
	"context"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/spf13/cobra"

	"defog-cdk/cmd/defog/terminal"
	"defog-cdk/cmd/defog/upload"
)

// uploadCommand is the subcommand's flags.
type uploadCommand struct {
	*common
	upload.Options
}

func newUpload(common *common) *cobra.Command {
	u := uploadCommand{common: common}
	command := &cobra.Command{
		Use:   "upload",
		Short: "Put the packed zips into a bucket, to be deployed from there",
		Long: `Upload puts ‹name›_dist.zip and ‹name›_deps.zip into a bucket below
‹prefix›/‹version›/, and prints the settings that deploy them. It never writes
over an object: another content needs another version, which by default is made
of the content. The bucket's own encryption holds.`,
		Example: `  defog upload --bucket my-bucket
  defog upload --bucket my-bucket --name podpac --version 4.0.1`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return u.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := command.Flags()
	flags.StringVar(&u.Bucket, "bucket", "", "the bucket's `name`, in the region where the function will be")
	flags.StringVar(&u.Prefix, "prefix", "", "what the keys begin with (default: --name)")
	flags.StringVar(&u.Version, "version", "", "the version in the keys (default: made of the zips' content)")
	flags.StringVar(&u.DistDir, "dist-dir", "dist", "the `folder` that pack wrote to")
	flags.StringVar(&u.Name, "name", "function", "what the zips' names begin with")
	return command
}

func (u *uploadCommand) run(ctx context.Context, stdout, stderr io.Writer) error {
	cfg, err := u.aws(ctx)
	if err != nil {
		return err
	}
	u.Progress = func(about string) { fmt.Fprintln(stderr, terminal.Line(about)) }
	result, err := upload.Run(ctx, s3.NewFromConfig(cfg), u.Options)
	if err != nil {
		return err
	}
	settings := "-c function_source_bucket=" + result.Bucket + setting("dist", result.Dist)
	if result.Dependencies != nil {
		settings += setting("dependencies", *result.Dependencies)
	}
	_, err = fmt.Fprintln(stdout, terminal.Line(settings))
	return err
}

// setting names an object, with its version if the bucket keeps any.
func setting(what string, object upload.Object) string {
	text := " -c function_source_" + what + "_key=" + object.Key
	if object.Version != "" && object.Version != "null" {
		text += " -c function_source_" + what + "_version=" + object.Version
	}
	return text
}
