package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/spf13/cobra"

	"defog-cdk/cmd/defog/client"
	"defog-cdk/cmd/defog/terminal"
)

// smoke is the subcommand's flags.
type smoke struct {
	*common
	url, auth, roleARN string
	question, expect   string
	timeout            time.Duration
}

func newSmoke(common *common) *cobra.Command {
	s := smoke{common: common}
	command := &cobra.Command{
		Use:   "smoke",
		Short: "Ask a deployed query function a question, and check its answer",
		Long: `Smoke asks a question and looks for a value in the answer, as a pipeline does
behind each stage. It prints no rows, for its output ends in a build's log.

The exit code is 0 only if the answer came in time and has the value in one of
its cells; without --expect, if it has a row.`,
		Example: `  defog smoke --url https://….execute-api.eu-central-1.amazonaws.com/ --question "How many customers are there?" --expect 42`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.run(cmd.Context(), cmd.OutOrStdout())
		},
	}
	flags := command.Flags()
	flags.StringVar(&s.url, "url", "", "the API's URL")
	flags.StringVar(&s.auth, "auth", "", "how the API knows callers: iam (sign requests) or none (default: iam if the URL is one of AWS's)")
	flags.StringVar(&s.roleARN, "role-arn", "", "the `ARN` of a role to take for asking")
	flags.StringVar(&s.question, "question", "", "the question")
	flags.StringVar(&s.expect, "expect", "", "the `value` that a cell of the answer must have: 42, 12.50, Ada (default: any answer with a row)")
	flags.DurationVar(&s.timeout, "timeout", 45*time.Second, "how long to wait for the answer")
	for _, name := range []string{"url", "question"} {
		if err := command.MarkFlagRequired(name); err != nil {
			panic(err) // a flag of ours
		}
	}
	return command
}

func (s *smoke) run(ctx context.Context, stdout io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	answer, err := s.ask(ctx)
	switch {
	case err == nil:
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("no answer within %s (--timeout)", s.timeout)
	case ctx.Err() != nil:
		return errors.New("interrupted")
	default:
		return err
	}
	if err := s.check(answer); err != nil {
		return fmt.Errorf("%w; SQL: %s", err, answer.SQL)
	}
	fmt.Fprintf(stdout, "answered as expected: %s\n%s\n", count(len(answer.Rows), answer.Truncated), terminal.Text(answer.SQL))
	return nil
}

func (s *smoke) ask(ctx context.Context) (*client.Answer, error) {
	if s.auth != "" && s.auth != "iam" && s.auth != "none" {
		return nil, fmt.Errorf("--auth: %q is unknown; valid: iam, none", s.auth)
	}
	if s.question == "" {
		return nil, errors.New("--question: is empty; valid: a question that the stage can answer")
	}
	cfg, err := s.aws(ctx)
	if err != nil {
		return nil, err
	}
	if s.roleARN != "" {
		taken := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), s.roleARN, func(o *stscreds.AssumeRoleOptions) { o.RoleSessionName = "smoke" })
		cfg.Credentials = aws.NewCredentialsCache(taken)
		if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
			return nil, fmt.Errorf("take the role %s: %w", s.roleARN, err)
		}
	}
	api, err := client.At(s.url, s.auth, cfg.Region)
	if err != nil {
		return nil, err
	}
	return client.Ask(ctx, cfg, api, client.Question{Question: s.question})
}

// check says what is wrong with an answer.
func (s *smoke) check(answer *client.Answer) error {
	switch {
	case !answer.RanSuccessfully:
		return fmt.Errorf("no answer: %s (%d)", answer.Error, answer.Status)
	case len(answer.Rows) == 0:
		return errors.New("the answer has no rows")
	case s.expect == "":
		return nil
	}
	for _, row := range answer.Rows {
		for _, cell := range row {
			if text(cell) == s.expect {
				return nil
			}
		}
	}
	return fmt.Errorf("wrong answer: none of its cells is %s (%s)", s.expect, count(len(answer.Rows), answer.Truncated))
}

// text is a cell as JSON writes it, but a text without its quotes.
func text(cell json.RawMessage) string {
	var text string
	if json.Unmarshal(cell, &text) == nil && string(cell) != "null" {
		return text
	}
	return string(cell)
}
