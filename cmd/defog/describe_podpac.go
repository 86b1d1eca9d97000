package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"defog-cdk/cmd/defog/client"
	"defog-cdk/cmd/defog/terminal"
)

// podpacSettings are the settings by which PODPAC's client finds a function.
type podpacSettings struct {
	stack  client.Stack
	values map[string]string
}

// unsafeHash is the setting that permits code in pipelines.
const unsafeHash = "UNSAFE_EVAL_HASH"

func (c *describeCommand) runPodpac(ctx context.Context, stdout, stderr io.Writer) error {
	cfg, stack, err := c.stack(ctx)
	if err != nil {
		return err
	}
	text, err := stack.Need(client.PodpacOutput, "custom function, or an older one (deploy again)")
	if err != nil {
		return err
	}
	settings := podpacSettings{stack: stack}
	if err := json.Unmarshal([]byte(text), &settings.values); err != nil {
		return fmt.Errorf("stack %s: output %s: %w; deploy again", stack.Name, client.PodpacOutput, err)
	}
	hash, err := client.UnsafeHash(ctx, cfg, stack)
	if err != nil {
		return err
	}
	if hash != "" {
		settings.values[unsafeHash] = hash
	}
	if c.json {
		return settings.printJSON(stdout, stderr)
	}
	return settings.printPython(stdout)
}

// notes returns warnings and facts about the settings, in lines.
func (s podpacSettings) notes() []string {
	notes := []string{
		"Never call build(), delete() or another method of the client that creates, updates or deletes: CloudFormation",
		"owns the function, its role and the bucket. delete() would also empty the bucket and delete it.",
	}
	if s.values[unsafeHash] != "" {
		notes = append(notes, "Keep "+unsafeHash+" secret: every caller that sends it runs code in the function.")
	}
	// The client's validate_bucket looks for the dependencies in S3_BUCKET_NAME.
	if dependencies := s.stack.Output("Dependencies"); dependencies != "s3://"+s.values["S3_BUCKET_NAME"]+"/"+s.values["FUNCTION_DEPENDENCIES_KEY"] {
		where := "Evaluation needs no dependencies there."
		if dependencies != "" {
			where = "They are at " + dependencies + ", and evaluation finds them."
		}
		notes = append(notes, "validate() returns False, because S3_BUCKET_NAME does not contain the dependencies. "+where)
	}
	if url := s.stack.Output("EvalUrl"); url != "" {
		notes = append(notes, fmt.Sprintf("The API, with caller authorization %s: %s", s.stack.Output("ApiAuth"), url))
	}
	return notes
}

func (s podpacSettings) printJSON(stdout, stderr io.Writer) error {
	text, err := json.Marshal(s.values)
	if err != nil {
		return fmt.Errorf("encode the settings: %w", err)
	}
	for _, note := range s.notes() {
		fmt.Fprintln(stderr, terminal.Line(note))
	}
	_, err = fmt.Fprintln(stdout, terminal.JSON(text))
	return err
}

// printPython prints lines for a Python program. A JSON text is a text of Python, too.
func (s podpacSettings) printPython(stdout io.Writer) error {
	var lines strings.Builder
	fmt.Fprintf(&lines, "# PODPAC's client for stack %s\n", terminal.Line(s.stack.Name))
	for _, note := range s.notes() {
		fmt.Fprintf(&lines, "# %s\n", terminal.Line(note))
	}
	lines.WriteString("import podpac\n\n")
	for _, key := range slices.Sorted(maps.Keys(s.values)) {
		fmt.Fprintf(&lines, "podpac.settings[%s] = %s\n", terminal.Quote(key), terminal.JSON(terminal.Quote(s.values[key])))
	}
	_, err := io.WriteString(stdout, lines.String())
	return err
}
