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
	"defog-cdk/cmd/defog/session"
	"defog-cdk/cmd/defog/terminal"
)

// smokeCommand holds the flags of smoke.
type smokeCommand struct {
	*deployment
	url, auth, roleARN string
	question, expect   string
	timeout            time.Duration
}

func newSmoke(d *deployment) *cobra.Command {
	s := smokeCommand{deployment: d}
	command := &cobra.Command{
		Use:   "smoke",
		Short: "Ask a deployed query function a question, and check its answer",
		Long: `Smoke asks a question and checks that the answer holds a value, as a pipeline does
after each stage. It finds the function's API as ask does, or at --url. It prints
no rows, because a build's log keeps its output.

The exit code is 0 if the answer arrives in time and one of its cells is the
value of --expect. Without --expect, the answer must have a row.`,
		Example: `  defog smoke -c app_name=defog --question "How many customers are there?" --expect 42
  defog smoke --url https://….execute-api.eu-central-1.amazonaws.com/ --question "How many customers are there?"`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.run(cmd.Context(), cmd.OutOrStdout())
		},
	}
	flags := command.Flags()
	addAPIFlags(flags, &s.url, &s.auth)
	flags.StringVar(&s.roleARN, "role-arn", "", "the `ARN` of a role to assume for the question")
	flags.StringVar(&s.question, "question", "", "the question")
	flags.StringVar(&s.expect, "expect", "", "the `value` that one cell of the answer must have: 42, 12.50, Ada (default: any answer with a row)")
	flags.DurationVar(&s.timeout, "timeout", 45*time.Second, "the timeout for the answer")
	if err := command.MarkFlagRequired("question"); err != nil {
		panic(err) // the flag is defined above
	}
	return command
}

func (s *smokeCommand) run(ctx context.Context, stdout io.Writer) error {
	answer, err := withTimeout(ctx, s.timeout, s.ask)
	if err != nil {
		return err
	}
	if err := s.check(answer); err != nil {
		return fmt.Errorf("%w; SQL: %s", err, answer.SQL)
	}
	fmt.Fprintf(stdout, "answered as expected: %s\n%s\n", answer.RowCount(), terminal.Text(answer.SQL))
	return nil
}

func (s *smokeCommand) ask(ctx context.Context) (*client.Answer, error) {
	if s.question == "" {
		return nil, errors.New("--question: is empty; want a question that the deployment answers")
	}
	cfg, err := s.session(ctx)
	if err != nil {
		return nil, err
	}
	api, err := s.api(ctx, cfg, s.url, s.auth)
	if err != nil {
		return nil, err
	}
	if s.roleARN != "" {
		if cfg, err = assume(ctx, cfg, s.roleARN); err != nil {
			return nil, err
		}
	}
	return client.Ask(ctx, cfg, api, client.Question{Question: s.question})
}

// assume returns the configuration with the credentials of a role.
func assume(ctx context.Context, cfg aws.Config, roleARN string) (aws.Config, error) {
	if err := session.RequireRegion(cfg); err != nil {
		return cfg, err
	}
	role := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), roleARN, func(o *stscreds.AssumeRoleOptions) { o.RoleSessionName = "smoke" })
	cfg.Credentials = aws.NewCredentialsCache(role)
	return cfg, session.Failure("assume the role "+roleARN, session.Check(ctx, cfg))
}

// check returns an error if the answer does not hold the expected value.
func (s *smokeCommand) check(answer *client.Answer) error {
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
			if cellText(cell) == s.expect {
				return nil
			}
		}
	}
	return fmt.Errorf("wrong answer: none of its cells is %s (%s)", s.expect, answer.RowCount())
}

// cellText returns a cell as JSON, and a text without its quotes.
func cellText(cell json.RawMessage) string {
	var text string
	if json.Unmarshal(cell, &text) == nil && string(cell) != "null" {
		return text
	}
	return string(cell)
}
