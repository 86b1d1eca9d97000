package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/spf13/cobra"

	"defog-cdk/cmd/defog/client"
	"defog-cdk/cmd/defog/session"
	"defog-cdk/cmd/defog/terminal"
	"defog-cdk/internal/process"
)

// deleteCommand holds the flags of delete.
type deleteCommand struct {
	*deployment
	yes bool
}

func newDelete(deployment *deployment) *cobra.Command {
	d := deleteCommand{deployment: deployment}
	command := &cobra.Command{
		Use:   "delete",
		Short: "Delete the deployed stack",
		Long: `Delete lists the resources that remain (see removal_policy), asks for confirmation,
and runs npx cdk destroy with the same settings.`,
		Example: `  defog delete -c app_name=podpac -c function_source_dist_zip=dist/podpac_dist.zip`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return d.run(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	command.Flags().BoolVarP(&d.yes, "yes", "y", false, "delete without asking for confirmation")
	return command
}

func (d *deleteCommand) run(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) error {
	cfg, stack, err := d.stack(ctx)
	if err != nil {
		return err
	}
	if stack.Protected {
		return fmt.Errorf("stack %s has termination protection; deploy it with -c termination_protection=false first", stack.Name)
	}
	retained, err := retained(ctx, cfg, stack)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "This deletes stack %s in account %s, region %s.\n", stack.Name, stack.Account, stack.Region)
	if len(retained) == 0 {
		fmt.Fprintln(stdout, "No resource remains.")
	} else {
		fmt.Fprintf(stdout, "These resources remain, with their costs:\n  %s\n", strings.Join(retained, "\n  "))
	}
	if err := d.confirm(stack, stdin, stdout); err != nil {
		return err
	}
	return d.destroy(ctx, stack, stdout, stderr)
}

// retained lists the resources that their deletion policy retains, as "type
// name". It omits versions of a function, which Lambda deletes with the function.
func retained(ctx context.Context, cfg aws.Config, stack client.Stack) ([]string, error) {
	formation := cloudformation.NewFromConfig(cfg)
	answer, err := formation.GetTemplate(ctx, &cloudformation.GetTemplateInput{
		StackName: &stack.Name, TemplateStage: types.TemplateStageProcessed,
	})
	if err != nil {
		return nil, session.Failure("read the template of stack "+stack.Name, err)
	}
	var template struct {
		Resources map[string]struct{ Type, DeletionPolicy string }
	}
	if err := json.Unmarshal([]byte(aws.ToString(answer.TemplateBody)), &template); err != nil {
		return nil, fmt.Errorf("read the template of stack %s: %w", stack.Name, err)
	}
	var result []string
	pages := cloudformation.NewListStackResourcesPaginator(formation, &cloudformation.ListStackResourcesInput{StackName: &stack.Name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, session.Failure("list the resources of stack "+stack.Name, err)
		}
		for _, resource := range page.StackResourceSummaries {
			if aws.ToString(resource.ResourceType) == "AWS::Lambda::Version" {
				continue
			}
			policy := template.Resources[aws.ToString(resource.LogicalResourceId)].DeletionPolicy
			if strings.HasPrefix(policy, "Retain") || policy == "Snapshot" {
				result = append(result, terminal.Line(aws.ToString(resource.ResourceType)+" "+aws.ToString(resource.PhysicalResourceId)))
			}
		}
	}
	slices.Sort(result)
	return result, nil
}

// confirm asks for the stack's name, because people type "yes" too easily.
func (d *deleteCommand) confirm(stack client.Stack, stdin io.Reader, stdout io.Writer) error {
	if d.yes {
		return nil
	}
	fmt.Fprint(stdout, "Type the stack's name to delete it: ")
	answer, err := bufio.NewReader(stdin).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read your answer: %w", err)
	}
	if strings.TrimSpace(answer) != stack.Name {
		return errors.New("the answer is not the stack's name, so nothing was deleted; want the name, or --yes")
	}
	return nil
}

func (d *deleteCommand) destroy(ctx context.Context, stack client.Stack, stdout, stderr io.Writer) error {
	args := []string{"cdk", "destroy", stack.Name, "--force"}
	for _, setting := range d.context {
		args = append(args, "-c", setting)
	}
	if d.profile != "" {
		args = append(args, "--profile", d.profile)
	}
	command := exec.CommandContext(ctx, "npx", args...)
	command.Stdout, command.Stderr = stdout, stderr
	command.Env = append(os.Environ(), "AWS_REGION="+stack.Region)
	// An interruption must reach the CLI, not only npx.
	process.Group(command, syscall.SIGINT)
	if err := command.Run(); err != nil {
		return fmt.Errorf("npx cdk destroy: %w", err)
	}
	return nil
}
