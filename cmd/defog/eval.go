package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// evalCommand is the subcommand's flags.
type evalCommand struct {
	*common
	async, s3 bool
	output    string
	timeout   time.Duration

	every time.Duration // how often to look for an object
}

func newEval(common *common) *cobra.Command {
	e := evalCommand{common: common, every: time.Second}
	command := &cobra.Command{
		Use:   "eval file.json",
		Short: "Have the deployed function evaluate an event",
		Long: `Eval invokes the deployed function with the JSON in a file (- is standard input)
and writes the result: what the function answers, or the body of an answer in the
form that API Gateway takes.

With --async the function is only told, and nobody waits for the result. With
--s3 the event is uploaded below the input prefix, as events that are large or
take long must be, and the result is what the function writes below the output
prefix under the same name.

The exit code is 0 only if the function succeeded.`,
		Example: `  defog eval -c app_name=podpac -o map.png pipeline.json
  defog eval --s3 -o result.nc pipeline.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.run(cmd.Context(), args[0], cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
	flags := command.Flags()
	flags.BoolVar(&e.async, "async", false, "do not wait for the result")
	flags.BoolVar(&e.s3, "s3", false, "send the event, and get the result, through the function's bucket")
	flags.StringVarP(&e.output, "output", "o", "", "the `file` to write the result to (default: standard output)")
	flags.DurationVar(&e.timeout, "timeout", 15*time.Minute, "how long to wait for the result")
	command.MarkFlagsMutuallyExclusive("async", "s3")
	command.MarkFlagsMutuallyExclusive("async", "output")
	return command
}

func (e *evalCommand) run(ctx context.Context, file string, stdin io.Reader, stdout io.Writer) error {
	event, err := readEvent(file, stdin)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	result, err := e.evaluate(ctx, file, event, stdout)
	switch {
	case err == nil:
		return e.write(result, stdout)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("no result within %s (--timeout): see defog logs", e.timeout)
	case ctx.Err() != nil:
		return errors.New("interrupted")
	}
	return err
}

// readEvent reads the file, which must be JSON as AWS takes it. Python writes
// NaN, which is none.
func readEvent(file string, stdin io.Reader) ([]byte, error) {
	var event []byte
	var err error
	if file == "-" {
		file = "standard input"
		event, err = io.ReadAll(stdin)
	} else {
		event, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, fmt.Errorf("read the event: %w", err)
	}
	var value any
	if err := json.Unmarshal(event, &value); err != nil {
		return nil, fmt.Errorf("%s is not JSON: %w", file, err)
	}
	return event, nil
}

// evaluate returns the result; nil if nobody waits for it.
func (e *evalCommand) evaluate(ctx context.Context, file string, event []byte, stdout io.Writer) ([]byte, error) {
	cfg, stack, err := e.deployed(ctx)
	if err != nil {
		return nil, err
	}
	if e.s3 {
		return e.throughS3(ctx, cfg, stack, filepath.Base(file), event)
	}
	name, err := stack.Need(functionOutput, "function")
	if err != nil {
		return nil, err
	}
	if alias := stack.Output(aliasOutput); alias != "" {
		name += ":" + alias
	}
	input := awslambda.InvokeInput{FunctionName: &name, Payload: event}
	if e.async {
		input.InvocationType = types.InvocationTypeEvent
	}
	answer, err := invoke(ctx, cfg, &input)
	switch {
	case err != nil:
		return nil, err
	case e.async:
		id, _ := middleware.GetRequestIDMetadata(answer.ResultMetadata)
		fmt.Fprintf(stdout, "The function is told. To see what comes of it:\n  defog logs --request %s\n", id)
		return nil, nil
	case answer.FunctionError != nil:
		return nil, functionError(answer.Payload)
	}
	return unwrap(answer.Payload)
}

// invoke invokes the function once: a repeated invoke would evaluate twice.
func invoke(ctx context.Context, cfg aws.Config, input *awslambda.InvokeInput) (*awslambda.InvokeOutput, error) {
	client := awslambda.NewFromConfig(cfg, func(o *awslambda.Options) {
		o.RetryMaxAttempts = 1
		if sdk, ok := o.HTTPClient.(*awshttp.BuildableClient); ok {
			// A function may work for 15 minutes before it answers.
			o.HTTPClient = sdk.WithTransportOptions(func(t *http.Transport) { t.ResponseHeaderTimeout = 0 })
		}
	})
	answer, err := client.Invoke(ctx, input)
	if tooLarge(err) {
		return nil, fmt.Errorf("the event has %d bytes, more than Lambda takes: send it with --s3", len(input.Payload))
	}
	return answer, refusal("invoke "+*input.FunctionName, err)
}

// write writes a result: to the file in one piece, or not at all.
func (e *evalCommand) write(result []byte, stdout io.Writer) error {
	if result == nil {
		return nil
	}
	if e.output == "" {
		if file, ok := stdout.(*os.File); ok && term.IsTerminal(int(file.Fd())) && !isText(result) {
			return fmt.Errorf("the result is binary (%d bytes): give --output, or redirect", len(result))
		}
		_, err := stdout.Write(result)
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(e.output), ".defog-eval-")
	if err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	defer os.Remove(file.Name())
	_, err = file.Write(result)
	if err := errors.Join(err, file.Chmod(0o644), file.Close()); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	if err := os.Rename(file.Name(), e.output); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	fmt.Fprintf(stdout, "%s: %d bytes\n", e.output, len(result))
	return nil
}
