// Package assembly reads the templates of a cloud assembly, and the deployed
// templates of the same stacks.
package assembly

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Stack is one stack of a cloud assembly.
type Stack struct {
	Name     string
	Account  string         // empty for the caller's account
	Region   string         // empty for the caller's region
	Template map[string]any // numbers are json.Number
	Nested   bool           // whether the stack is in a nested assembly, as a pipeline's stages are

	// Roles are those that the CDK CLI assumes to read the stack, with placeholders
	// for partition, account and region.
	Roles []string
}

// unknown is the prefix of the account and the region of an environment-agnostic
// stack.
const unknown = "unknown-"

// manifest holds the required part of manifest.json.
// https://github.com/aws/aws-cdk-cli/blob/main/packages/@aws-cdk/cloud-assembly-schema/lib/cloud-assembly/schema.ts
type manifest struct {
	Artifacts map[string]struct {
		Type        string `json:"type"`
		Environment string `json:"environment"`
		Properties  struct {
			StackName     string `json:"stackName"`
			TemplateFile  string `json:"templateFile"`
			DirectoryName string `json:"directoryName"`
			AssumeRole    string `json:"assumeRoleArn"`
			LookupRole    struct {
				ARN string `json:"arn"`
			} `json:"lookupRole"`
		} `json:"properties"`
	} `json:"artifacts"`
}

// Read returns the stacks of the assembly in a folder, sorted by the names of
// their artifacts, followed by those of nested assemblies. It reads no file outside
// the folder, because a review reads assemblies that untrusted code wrote.
func Read(folder string) (stacks []Stack, err error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, fmt.Errorf("read the cloud assembly: %w", err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	return read(root, ".")
}

func read(root *os.Root, folder string) ([]Stack, error) {
	var m manifest
	if err := readJSON(root, filepath.Join(folder, "manifest.json"), &m); err != nil {
		return nil, err
	}
	var stacks, nested []Stack
	for _, id := range slices.Sorted(maps.Keys(m.Artifacts)) {
		artifact := m.Artifacts[id]
		properties := artifact.Properties
		switch artifact.Type {
		case "aws:cloudformation:stack":
			stack := Stack{Name: properties.StackName, Roles: []string{properties.LookupRole.ARN, properties.AssumeRole}}
			if stack.Name == "" {
				stack.Name = id
			}
			stack.Account, stack.Region, _ = strings.Cut(strings.TrimPrefix(artifact.Environment, "aws://"), "/")
			for _, part := range []*string{&stack.Account, &stack.Region} {
				if strings.HasPrefix(*part, unknown) {
					*part = ""
				}
			}
			stack.Roles = slices.DeleteFunc(stack.Roles, func(arn string) bool { return arn == "" })
			if err := readJSON(root, filepath.Join(folder, properties.TemplateFile), &stack.Template); err != nil {
				return nil, err
			}
			stacks = append(stacks, stack)
		case "cdk:cloud-assembly":
			within := filepath.Join(folder, properties.DirectoryName)
			if !strings.HasPrefix(within, strings.TrimPrefix(folder+"/", "./")) || within == folder {
				return nil, fmt.Errorf("read the cloud assembly: directoryName: %q is not a folder in the assembly", properties.DirectoryName)
			}
			inner, err := read(root, within)
			if err != nil {
				return nil, err
			}
			for _, stack := range inner {
				stack.Nested = true
				nested = append(nested, stack)
			}
		}
	}
	return append(stacks, nested...), nil
}

func readJSON(root *os.Root, path string, into any) error {
	file, err := root.Open(path)
	if err != nil {
		return fmt.Errorf("read the cloud assembly: %w", err)
	}
	defer file.Close()
	decoder := json.NewDecoder(file)
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("read the cloud assembly: %s: %w", path, err)
	}
	return nil
}
