package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestArgumentErrorsHaveAnExample(t *testing.T) {
	newAWS(t)
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"ask"}, "defog: ask: the argument \"question\" is missing; want defog ask question [flags], for example:\n  defog ask -c app_name=defog \"Who are our best customers?\"\n"},
		{[]string{"answer"}, "the argument \"ID\" is missing; want defog answer ID [flags], for example:\n  defog answer -c app_name=defog QCBWWVTTEZTSSK5TRUTTPSF6XR\n"},
		{[]string{"answer", "A", "B"}, "unexpected argument \"B\"; want defog answer ID [flags], for example:"},
		{[]string{"describe", "all"}, "defog: describe: unexpected argument \"all\"; want none; defog describe --help lists the flags\n"},
		{[]string{"frob"}, "defog: unknown command \"frob\"; defog --help lists the commands\n"},
		{[]string{"frob", "--async"}, "unknown command \"frob\"; defog --help lists the commands\n"},
		{[]string{"frob", "--help"}, "unknown command \"frob\"; defog --help lists the commands\n"},
		{[]string{"aks"}, "similar: ask"},
		{[]string{"secret", "get"}, "defog: secret: unknown command \"get\"; defog secret --help lists the commands"},
		{[]string{"--frob"}, "defog: unknown flag: --frob; defog --help lists the flags\n"},
		{[]string{"ask", "--jason"}, "defog: ask: unknown flag: --jason; defog ask --help lists the flags\n"},
	} {
		code, stdout, stderr := defog(t, test.args...)
		if code != 1 || stdout != "" || !strings.Contains(stderr, test.want) {
			t.Errorf("%q: exit code %d, %s%s; want %s", test.args, code, stdout, stderr, test.want)
		}
	}
}

// An error of each subcommand with arguments names the argument and has an example.
func TestEverySubcommandNamesItsMissingArgument(t *testing.T) {
	checked := 0
	var check func(*cobra.Command)
	check = func(command *cobra.Command) {
		for _, subcommand := range command.Commands() {
			check(subcommand)
		}
		if command.Hidden || command.Args == nil || command.Args(command, nil) == nil {
			return
		}
		checked++
		if text := command.Args(command, nil).Error(); !strings.Contains(text, "is missing; want "+command.CommandPath()) || !strings.Contains(text, "for example:\n  "+command.CommandPath()) {
			t.Errorf("%s: %s", command.CommandPath(), text)
		}
	}
	check(newRoot())
	if checked < 5 {
		t.Errorf("%d subcommands have arguments, want ask, answer, eval, evaluate and migrate", checked)
	}
}

func TestHelpWithoutCommand(t *testing.T) {
	if code, stdout, stderr := defog(t); code != 0 || !strings.Contains(stdout, "Available Commands:") || stderr != "" {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
}
