package main

import (
	"strings"
	"testing"

	"defog-cdk/cmd/defog/fanout"
)

func TestFlagsOfRunsAreChecked(t *testing.T) {
	newCloud(t)
	for args, want := range map[string]string{
		"eval":                              `eval: the argument "file.json" is missing; want defog eval file.json [flags]`,
		"eval --each items.jsonl x.json":    `unexpected argument "x.json"; want none with --each, --resume, --cancel, --report and --runs`,
		"eval x.json --retry 3":             "--retry: not used without a run; want --each, --chunks or --resume with it",
		"eval --resume a --name b":          "--name: not used without --each",
		"eval --cancel ../a":                `--cancel: "../a" is invalid; want up to 64 letters, digits, _ and -, with a letter or digit first`,
		"eval --report a/b":                 `--report: "a/b" is invalid; want up to 64`,
		"eval --each x --concurrency 10001": "--concurrency: 10001 is invalid; want 1 to 10000",
		"eval --each x --tolerate 101%":     "--tolerate: 101% is invalid; want 0% to 100%",
		"eval --each x --tolerate NaN":      "--tolerate: NaN% is invalid; want 0% to 100%",
		"eval --each x --tolerate five":     `invalid argument "five" for "--tolerate" flag: want a number of per cent such as 5%`,
		"eval --each x --retry -1":          "--retry: -1 is invalid; want 0 to 10",
		"eval x.json --resume=":             "--resume: is empty; want a value, or no --resume",
		"eval --each= ":                     "--each: is empty; want a value, or no --each",
		"eval --each x --name=":             "--name: is empty; want a value, or no --name",
		"eval x.json --chunks=":             "--chunks: is empty; want a value, or no --chunks",
		"eval --resume a --preview=":        "--preview: is empty; want a value, or no --preview",
		"eval --cancel a --retry 1":         "--retry: not used with --cancel, --report and --runs",
		"eval --runs --tolerate 1%":         "--tolerate: not used with --cancel, --report and --runs",
		"eval --each x --async":             "none of the others can be; [async each] were all set",
		"eval --each x --resume a":          "none of the others can be; [each resume] were all set",
		"eval --each x":                     "stack defog-lambda-dev (CREATE_COMPLETE) has no output FanOutArn: it has no state machine (fan_out=true)",
		"eval --runs":                       "has no output FanOutArn: it has no state machine (fan_out=true)",
	} {
		code, stdout, stderr := defog(t, strings.Fields(args)...)
		if code != 1 || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit code %d, %q", args, code, stderr)
		}
	}
}

func TestMissingItemsFileIsNamed(t *testing.T) {
	c := newCloud(t)
	c.outputs["FanOutArn"] = "arn:aws:states:eu-central-1:123456789012:stateMachine:fn-fan-out"
	code, _, stderr := defog(t, "eval", "--each", "none.jsonl")
	if code != 1 || !strings.Contains(stderr, "--each: open none.jsonl: no such file or directory") {
		t.Errorf("exit code %d, %q", code, stderr)
	}
	code, _, stderr = defogWith(t, "1\n{\n", "eval", "--each", "-", "--name", "a")
	if code != 1 || !strings.Contains(stderr, "standard input:2: is not JSON") || len(c.objects) != 0 {
		t.Errorf("exit code %d, %q, objects %v", code, stderr, c.objects)
	}
}

func TestNextCommandIsOfTheSameDeployment(t *testing.T) {
	d := deployment{context: []string{"app_name=geo", "note=it's one"}, profile: "maps", region: "eu-west-1"}
	if got, want := d.again("eval"), `defog eval -c app_name=geo -c 'note=it'\''s one' --profile maps --region eu-west-1`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	err := &incompleteError{run: fanout.Run{Name: "a", Items: 9, Kind: fanout.Each}, missing: 2, running: true, command: "defog eval -c app_name=geo"}
	if want := "run a: 2 of 9 items are not done. Follow the run with:\n  defog eval -c app_name=geo --resume a"; err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
}
