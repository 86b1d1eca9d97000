package main

import (
	"context"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/spf13/cobra"

	"defog-cdk/cmd/defog/session"
	"defog-cdk/cmd/defog/terminal"
	"defog-cdk/cmd/defog/upload"
)

// uploadCommand holds the flags of upload.
type uploadCommand struct {
	*deployment
	upload.Options
}

func newUpload(d *deployment) *cobra.Command {
	u := uploadCommand{deployment: d}
	command := &cobra.Command{
		Use:   "upload",
		Short: "Upload the packed zips to a bucket",
		Long: `Upload uploads ‹name›_dist.zip and ‹name›_deps.zip to a bucket below
‹prefix›/‹version›/, and prints the settings that deploy them. It never overwrites
an object: other content requires another version. By default the version is a
hash of the content. The bucket's default encryption applies.`,
		Example: `  defog upload --bucket my-bucket
  defog upload --bucket my-bucket --name podpac --version 4.0.1`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return u.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := command.Flags()
	flags.StringVar(&u.Bucket, "bucket", "", "the `name` of a bucket in the function's region")
	flags.StringVar(&u.Prefix, "prefix", "", "the prefix of the keys (default: --name)")
	flags.StringVar(&u.Version, "version", "", "the version in the keys (default: a hash of the zips)")
	flags.StringVar(&u.DistDir, "dist-dir", "dist", "the `folder` of pack's zips")
	flags.StringVar(&u.Name, "name", "function", "the prefix of the zips' names")
	return command
}

func (u *uploadCommand) run(ctx context.Context, stdout, stderr io.Writer) error {
	cfg, err := u.regional(ctx)
	if err != nil {
		return err
	}
	if err := session.Verify(ctx, cfg); err != nil {
		return err
	}
	u.Progress = func(message string) { fmt.Fprintln(stderr, terminal.Line(message)) }
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

// setting returns the settings of an object, with its version if the bucket has
// versions. The kind is dist or dependencies.
func setting(kind string, object upload.Object) string {
	text := " -c function_source_" + kind + "_key=" + object.Key
	if object.Version != "" && object.Version != "null" {
		text += " -c function_source_" + kind + "_version=" + object.Version
	}
	return text
}
