package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/spf13/cobra"

	"defog-cdk/cmd/defog/client"
	"defog-cdk/cmd/defog/terminal"
)

// describeCommand is the subcommand's flags.
type describeCommand struct {
	*common
	json bool
}

func newDescribe(common *common) *cobra.Command {
	d := describeCommand{common: common}
	command := &cobra.Command{
		Use:   "describe",
		Short: "Show what is deployed",
		Long: `Describe shows the deployed stack, its function and its outputs. Of the
function's environment it shows the variables' names: values can be secret.`,
		Example: `  defog describe -c app_name=podpac
  defog describe --json | jq -r .function.log_group`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return d.run(cmd.Context(), cmd.OutOrStdout()) },
	}
	command.Flags().BoolVar(&d.json, "json", false, "print the description as JSON, on one line")
	return command
}

// description is what describe says.
type description struct {
	Stack    client.Stack      `json:"stack"`
	Function describedFunction `json:"function"`
}

type describedFunction struct {
	Name         string   `json:"name"`
	ARN          string   `json:"arn"`
	State        string   `json:"state"`
	Reason       string   `json:"reason,omitempty"` // why it is not active
	Runtime      string   `json:"runtime"`
	Handler      string   `json:"handler"`
	Architecture string   `json:"architecture"`
	MemoryMB     int32    `json:"memory_mb"`
	TimeoutS     int32    `json:"timeout_s"`
	StorageMB    int32    `json:"ephemeral_storage_mb"`
	CodeBytes    int64    `json:"code_bytes"`
	CodeSHA256   string   `json:"code_sha256"` // as AWS gives it, in base64
	Role         string   `json:"role"`
	LogGroup     string   `json:"log_group"`
	SnapStart    string   `json:"snap_start"` // when snapshots are taken
	Environment  []string `json:"environment"`
	Aliases      []string `json:"aliases"` // name=version
}

func (d *describeCommand) run(ctx context.Context, stdout io.Writer) error {
	cfg, stack, err := d.deployed(ctx)
	if err != nil {
		return err
	}
	configuration, err := function(ctx, cfg, stack)
	if err != nil {
		return err
	}
	described := description{Stack: stack, Function: describeFunction(configuration)}
	if described.Function.Aliases, err = aliases(ctx, cfg, *configuration.FunctionName); err != nil {
		return err
	}
	if d.json {
		text, err := json.Marshal(described)
		if err != nil {
			return fmt.Errorf("encode the description: %w", err)
		}
		_, err = fmt.Fprintln(stdout, terminal.JSON(text))
		return err
	}
	return described.show(stdout)
}

func describeFunction(c *awslambda.GetFunctionConfigurationOutput) describedFunction {
	f := describedFunction{
		Name: aws.ToString(c.FunctionName), ARN: aws.ToString(c.FunctionArn),
		State: string(c.State), Reason: aws.ToString(c.StateReason),
		Runtime: string(c.Runtime), Handler: aws.ToString(c.Handler),
		MemoryMB: aws.ToInt32(c.MemorySize), TimeoutS: aws.ToInt32(c.Timeout),
		CodeBytes: c.CodeSize, CodeSHA256: aws.ToString(c.CodeSha256),
		Role: aws.ToString(c.Role), SnapStart: string(types.SnapStartApplyOnNone),
		LogGroup: logGroup(c), Environment: []string{},
	}
	if len(c.Architectures) > 0 {
		f.Architecture = string(c.Architectures[0])
	}
	if c.EphemeralStorage != nil {
		f.StorageMB = aws.ToInt32(c.EphemeralStorage.Size)
	}
	if c.SnapStart != nil && c.SnapStart.ApplyOn != "" {
		f.SnapStart = string(c.SnapStart.ApplyOn)
	}
	if c.Environment != nil {
		f.Environment = slices.Sorted(maps.Keys(c.Environment.Variables))
	}
	return f
}

// logGroup is the group that the function writes its log to.
func logGroup(c *awslambda.GetFunctionConfigurationOutput) string {
	if c.LoggingConfig != nil && aws.ToString(c.LoggingConfig.LogGroup) != "" {
		return *c.LoggingConfig.LogGroup
	}
	return "/aws/lambda/" + aws.ToString(c.FunctionName)
}

func aliases(ctx context.Context, cfg aws.Config, name string) ([]string, error) {
	result := []string{}
	pages := awslambda.NewListAliasesPaginator(awslambda.NewFromConfig(cfg), &awslambda.ListAliasesInput{FunctionName: &name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, refusal("list the aliases of function "+name, err)
		}
		for _, alias := range page.Aliases {
			result = append(result, aws.ToString(alias.Name)+"="+aws.ToString(alias.FunctionVersion))
		}
	}
	return result, nil
}

func (d description) show(stdout io.Writer) error {
	f := d.Function
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	line := func(key, value string) { fmt.Fprintf(table, "%s\t%s\n", terminal.Line(key), terminal.Line(value)) }
	line("stack", fmt.Sprintf("%s (%s, deployed %s)", d.Stack.Name, d.Stack.Status, d.Stack.Changed.Local().Format(time.DateTime)))
	line("where", fmt.Sprintf("account %s, region %s", d.Stack.Account, d.Stack.Region))
	line("function", f.Name)
	line("state", strings.TrimSpace(f.State+" "+f.Reason))
	line("runs", fmt.Sprintf("%s on %s, %s", f.Handler, f.Runtime, f.Architecture))
	line("limits", fmt.Sprintf("%d MB of memory, %d s, %d MB of /tmp", f.MemoryMB, f.TimeoutS, f.StorageMB))
	line("code", fmt.Sprintf("%.1f MB, SHA-256 %s", float64(f.CodeBytes)/1e6, f.CodeSHA256))
	line("snapshots", f.SnapStart)
	line("aliases", strings.Join(f.Aliases, " "))
	line("role", f.Role)
	line("log", f.LogGroup)
	line("environment", strings.Join(f.Environment, " "))
	for _, output := range d.Stack.Outputs {
		line(output.Key, output.Value)
	}
	return table.Flush()
}
