package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/spf13/cobra"

	"defog-cdk/cmd/defog/agents"
	"defog-cdk/cmd/defog/client"
	"defog-cdk/cmd/defog/session"
	"defog-cdk/lambda/mcp"
)

// toolTimeout is the timeout of one call of a tool, except for a long question, which
// the function ends.
const toolTimeout = time.Minute

// mcpCommand holds the flags of mcp.
type mcpCommand struct {
	*deployment
	url, auth, function string
	printConfig         bool

	mu        sync.Mutex
	connected *deployedTools // nil before the first successful look-up
}

// deployedTools is where the tools of a deployed function are.
type deployedTools struct {
	cfg      aws.Config
	api      client.API
	function string // "" when unknown
}

func newMCP(d *deployment) *cobra.Command {
	m := mcpCommand{deployment: d}
	command := &cobra.Command{
		Use:   "mcp",
		Short: "Let AI agents on this machine ask a deployed query function questions",
		Long: `MCP serves the Model Context Protocol on its standard input and output, for desktop
clients and editors, which start it. Its log is on standard error.

The tool ask sends questions to the API of the deployed stack, ‹app_name›-‹stage›, as
defog ask does. The others invoke the function directly, which needs
lambda:InvokeFunction. The stack does not need the setting mcp, except for the tool
query, which is offered with mcp_sql=true.`,
		Example: `  defog mcp -c app_name=defog --print-config
  defog mcp -c app_name=defog -c stage=prod --profile prod`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if m.printConfig {
				return m.config(cmd.OutOrStdout())
			}
			return m.serve(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := command.Flags()
	addAPIFlags(flags, &m.url, &m.auth)
	flags.StringVar(&m.function, "function", "", "the `name` or ARN of the function (default: the deployed stack's)")
	flags.BoolVar(&m.printConfig, "print-config", false, "print the configuration of common clients, and end")
	return command
}

// config prints the configuration of clients that start this command.
func (m *mcpCommand) config(stdout io.Writer) error {
	settings, err := m.settings()
	if err != nil {
		return err
	}
	var flags []string
	for _, setting := range m.context {
		flags = append(flags, "-c", setting)
	}
	for _, flag := range []struct{ name, value string }{
		{"profile", m.profile}, {"region", m.region}, {"url", m.url}, {"auth", m.auth}, {"function", m.function},
	} {
		if flag.value != "" {
			flags = append(flags, "--"+flag.name, flag.value)
		}
	}
	return agents.PrintConfig(stdout, settings.StackName(), flags)
}

// serve serves until the client closes the input. Tools look for the deployment, so
// that an agent shows what its user must do: sign in, for example.
func (m *mcpCommand) serve(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) error {
	settings, err := m.settings()
	if err != nil {
		return err
	}
	server := mcp.NewServer(mcp.Options{
		Call: m.call, SQL: settings.MCPSQL, MaxRows: settings.MCPMaxRows, Log: slog.New(slog.NewTextHandler(stderr, nil)),
	})
	err = server.Run(ctx, &sdk.IOTransport{Reader: io.NopCloser(stdin), Writer: unclosed{stdout}})
	if errors.Is(err, context.Canceled) { // by an interrupt, which is how some clients end it
		return nil
	}
	return err
}

// unclosed is a writer that others write to after its end.
type unclosed struct{ io.Writer }

// Close implements io.Closer.
func (unclosed) Close() error { return nil }

// call carries out a tool. Its errors are the user's, who runs this program.
func (m *mcpCommand) call(ctx context.Context, tool string, arguments json.RawMessage) (json.RawMessage, error) {
	answer, err := m.send(ctx, tool, arguments)
	if err != nil {
		return nil, &mcp.Error{Message: session.Explain(err).Error()}
	}
	return answer, nil
}

// send carries out a tool within toolTimeout, and a long question without it.
func (m *mcpCommand) send(ctx context.Context, tool string, arguments json.RawMessage) (answer json.RawMessage, err error) {
	limited, cancel := context.WithTimeout(ctx, toolTimeout)
	defer cancel()
	deployed, err := m.connect(limited)
	if err == nil && tool == mcp.AskTool && deployed.api.IsLong {
		return askLong(ctx, deployed, arguments)
	}
	if err == nil {
		answer, err = deployed.call(limited, tool, arguments)
	}
	if err != nil && errors.Is(limited.Err(), context.DeadlineExceeded) {
		return nil, errors.New("no answer within " + toolTimeout.String())
	}
	return answer, err
}

// call asks the API a question, or invokes the function with another tool.
func (d *deployedTools) call(ctx context.Context, tool string, arguments json.RawMessage) (json.RawMessage, error) {
	if tool == mcp.AskTool {
		answer, err := client.AskJSON(ctx, d.cfg, d.api, arguments)
		if err != nil {
			return nil, err
		}
		return answer.Body, nil
	}
	if d.function == "" {
		return nil, errors.New("--function: missing; want the function's name with --url, for all tools but ask")
	}
	return client.CallTool(ctx, d.cfg, d.function, tool, arguments)
}

// askLong asks a long question. It notifies the client of the progress, and cancels
// the question if the client cancels the call.
func askLong(ctx context.Context, deployed *deployedTools, arguments json.RawMessage) (json.RawMessage, error) {
	long, answer, err := client.AskLong(ctx, deployed.cfg, deployed.api, arguments)
	if err == nil && answer == nil {
		last := -1.0
		answer, err = long.Follow(ctx, func(pending client.Pending) {
			if pending.Seconds > last {
				last = pending.Seconds
				mcp.Progress(ctx, pending.Seconds, pending.Description())
			}
		})
		if ctx.Err() != nil {
			ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), cancelTime)
			defer stop()
			_, err = long.Cancel(ctx)
			return nil, errors.Join(errors.New("the call was cancelled"), err)
		}
	}
	if err != nil {
		return nil, err
	}
	return answer.Body, nil
}

// connect finds the deployment once. After an error, the next call tries again.
func (m *mcpCommand) connect(ctx context.Context) (*deployedTools, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.connected != nil {
		return m.connected, nil
	}
	cfg, err := m.session(ctx)
	if err != nil {
		return nil, err
	}
	api, err := m.api(ctx, cfg, m.url, m.auth)
	if err != nil {
		return nil, err
	}
	deployed := &deployedTools{cfg: cfg, api: api, function: m.function}
	if deployed.function == "" {
		deployed.function = api.Function()
	}
	m.connected = deployed
	return deployed, nil
}
