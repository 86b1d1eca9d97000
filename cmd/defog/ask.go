package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/cobra"

	"defog-cdk/cmd/defog/client"
	"defog-cdk/cmd/defog/terminal"
)

// ask is the subcommand's flags.
type ask struct {
	*common
	url, auth   string
	hardFilters string
	json        bool
	timeout     time.Duration
}

func newAsk(common *common) *cobra.Command {
	a := ask{common: common}
	command := &cobra.Command{
		Use:   "ask question",
		Short: "Ask a deployed query function a question",
		Long: `Ask posts a question to a deployed query function and shows the SQL and the rows.

It finds the function's API by the deployed stack's name, ‹app_name›-‹stage›,
and signs the request with your AWS credentials if the API wants that. The
exit code is 0 only if the question was answered.`,
		Example: `  defog ask -c app_name=defog "Who are our best customers?"
  defog ask --json "Who are our best customers?" | jq .data`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.run(cmd.Context(), strings.Join(args, " "), cmd.OutOrStdout())
		},
	}
	flags := command.Flags()
	flags.StringVar(&a.url, "url", "", "ask the API at this URL instead of looking up the stack's")
	flags.StringVar(&a.auth, "auth", "", "how the API at --url knows callers: iam (sign requests) or none (default: iam if the URL is one of AWS's)")
	flags.StringVar(&a.hardFilters, "hard-filters", "", "conditions that every answer must keep, as text or JSON")
	flags.BoolVar(&a.json, "json", false, "print the answer itself, on one line")
	flags.DurationVar(&a.timeout, "timeout", 45*time.Second, "how long to wait for the answer")
	return command
}

func (a *ask) run(ctx context.Context, question string, stdout io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, a.timeout)
	defer cancel()
	answer, err := a.answer(ctx, question)
	switch {
	case err == nil:
		return a.show(answer, stdout)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("no answer within %s (--timeout)", a.timeout)
	case ctx.Err() != nil:
		return errors.New("interrupted")
	}
	return err
}

// answer finds the API and asks it.
func (a *ask) answer(ctx context.Context, question string) (*client.Answer, error) {
	cfg, err := a.aws(ctx)
	if err != nil {
		return nil, err
	}
	api, err := a.find(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return client.Ask(ctx, cfg, api, client.Question{Question: question, HardFilters: jsonOrText(a.hardFilters)})
}

func (a *ask) find(ctx context.Context, cfg aws.Config) (client.API, error) {
	if a.auth != "" && a.auth != "iam" && a.auth != "none" {
		return client.API{}, fmt.Errorf("--auth: %q is unknown; valid: iam, none", a.auth)
	}
	if a.url != "" {
		return client.At(a.url, a.auth, cfg.Region)
	}
	if a.auth != "" {
		return client.API{}, errors.New("--auth goes with --url; a stack says itself how to ask it")
	}
	settings, err := a.settings()
	if err != nil {
		return client.API{}, err
	}
	api, err := client.Find(ctx, cfg, settings.StackName())
	if _, ok := errors.AsType[*client.NotDeployedError](err); ok {
		return api, fmt.Errorf("%w: deploy it with npx cdk deploy -c app_name=%s -c stage=%s, or name another by -c app_name=… -c stage=…",
			err, settings.AppName, settings.Stage)
	}
	return api, err
}

// show prints the answer. An answer that says why there is none is an error.
func (a *ask) show(answer *client.Answer, stdout io.Writer) error {
	switch {
	case a.json:
		fmt.Fprintln(stdout, terminal.JSON(answer.Body))
	case answer.SQL != "":
		fmt.Fprintf(stdout, "%s\n\n", terminal.Text(answer.SQL))
	}
	if !answer.RanSuccessfully {
		status := ""
		if answer.Status != http.StatusOK {
			status = fmt.Sprintf(" (%d)", answer.Status)
		}
		return fmt.Errorf("%s%s", answer.Error, status)
	}
	if a.json {
		return nil
	}
	terminal.Table(stdout, answer.Columns, answer.Rows)
	fmt.Fprintln(stdout, count(len(answer.Rows), answer.Truncated))
	return nil
}

func count(rows int, truncated bool) string {
	text := fmt.Sprintf("%d rows", rows)
	if rows == 1 {
		text = "1 row"
	}
	if truncated {
		text += "; there are more: the answer was cut at the function's limit"
	}
	return text
}

// jsonOrText returns text as JSON: itself if it is JSON, else as a JSON
// string; nothing for nothing.
func jsonOrText(text string) json.RawMessage {
	if text == "" {
		return nil
	}
	if json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	return quote(text)
}

func quote(text string) json.RawMessage {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err) // text always has a JSON form
	}
	return quoted
}
