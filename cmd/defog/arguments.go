package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// explainArguments replaces cobra's errors for the arguments of a command and of its
// subcommands. The names of required arguments are the words of Use.
func explainArguments(command *cobra.Command) {
	for _, subcommand := range command.Commands() {
		explainArguments(subcommand)
	}
	valid := command.Args
	if valid == nil {
		return // any arguments
	}
	command.Args = func(cmd *cobra.Command, args []string) error {
		if valid(cmd, args) == nil {
			return nil
		}
		return argumentError(cmd, args)
	}
}

// argumentError describes invalid arguments: what is invalid, what is valid, and an
// example.
func argumentError(cmd *cobra.Command, args []string) error {
	names := strings.Fields(cmd.Use)[1:]
	switch {
	case cmd.HasAvailableSubCommands() && len(args) > 0:
		return commandError(cmd, args[0])
	case len(args) < len(names):
		return fmt.Errorf("%sthe argument %q is missing; want %s%s", prefix(cmd), names[len(args)], cmd.UseLine(), example(cmd))
	case len(names) == 0:
		return fmt.Errorf("%sunexpected argument %q; want none; %s --help lists the flags", prefix(cmd), args[0], cmd.CommandPath())
	}
	return fmt.Errorf("%sunexpected argument %q; want %s%s", prefix(cmd), args[len(names)], cmd.UseLine(), example(cmd))
}

// prefix begins an error of a subcommand.
func prefix(cmd *cobra.Command) string {
	if !cmd.HasParent() {
		return ""
	}
	return strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ") + ": "
}

// example returns the first example of a command, as a part of an error.
func example(cmd *cobra.Command) string {
	first, _, _ := strings.Cut(strings.TrimSpace(cmd.Example), "\n")
	if first == "" {
		return ""
	}
	return ", for example:\n  " + first
}

// explainCommand replaces cobra's error for an unknown command, which has no type. It
// leaves other errors as they are.
func explainCommand(root *cobra.Command, err error) error {
	var name string
	if err == nil {
		return nil
	}
	if _, other := fmt.Sscanf(err.Error(), "unknown command %q for ", &name); other != nil || name == "" {
		return err
	}
	return commandError(root, name)
}

// commandError describes an unknown subcommand.
func commandError(cmd *cobra.Command, name string) error {
	text := fmt.Sprintf("%sunknown command %q; %s --help lists the commands", prefix(cmd), name, cmd.CommandPath())
	if similar := cmd.SuggestionsFor(name); len(similar) > 0 {
		text += "; similar: " + strings.Join(similar, ", ")
	}
	return errors.New(text)
}

// flagError adds the command's help to an error of its flags.
func flagError(cmd *cobra.Command, err error) error {
	return fmt.Errorf("%s%w; %s --help lists the flags", prefix(cmd), err, cmd.CommandPath())
}
