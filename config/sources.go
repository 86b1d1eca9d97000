package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"defog-cdk/internal/jsonfile"
	"defog-cdk/internal/suggest"
)

// contextFiles are the files that the CDK CLI reads context from, highest
// precedence first. The command line overrides all of them.
// https://docs.aws.amazon.com/cdk/v2/guide/context.html
var contextFiles = []string{"cdk.json", "cdk.context.json", "~/.cdk.json"}

// notOfStages are the settings that a stage cannot have: those that select it, and
// those of the pipeline that deploys it.
var notOfStages = []string{
	"stage", "settings_file",
	"pipeline", "pipeline_source", "pipeline_stages", "pipeline_account", "pipeline_region", "pipeline_notify_email", "pipeline_kms",
}

// findSources splits the context, which the CDK CLI merged from its files and its
// command line, and adds the settings file and the stages. The sources of the
// chosen stage are in the order of precedence
//
//	cdk.json < settings_file < cdk.json's stage < settings_file's stage < -c
//
// Other stages are returned for validation. In cdk.json, a map "defog" overrides
// settings beside it.
func findSources(context map[string]any) (chosen, others []source, problems []error) {
	command, files, problems := split(context)
	choose := func(key string) string {
		for _, s := range append([]source{command}, reversed(files)...) {
			if text, ok := scalar(s.values[key]); ok && text != "" {
				return text
			}
		}
		return ""
	}
	if path := choose("settings_file"); path != "" {
		values, err := readObject(path)
		if err != nil {
			problems = append(problems, fmt.Errorf("settings_file: %w", err))
		}
		delete(values, "$schema")
		files = append(files, source{name: path, values: values})
	}

	stage := choose("stage")
	pipeline := choose("pipeline") == "true"
	if stage == "" {
		stage = initial("stage")
	}
	var stages []source
	var names []string
	for i := range files {
		found, mistakes := files[i].takeStages()
		problems = append(problems, mistakes...)
		for _, name := range slices.Sorted(maps.Keys(found)) {
			names = append(names, name)
			if name == stage && !pipeline {
				stages = append(stages, found[name])
			} else {
				others = append(others, found[name])
			}
		}
	}
	if hint := suggest.Hint(stage, names); len(stages) == 0 && hint != "" && !pipeline {
		problems = append(problems, fmt.Errorf("stage: no %q in stages%s; want an existing stage, or an empty entry {} for a new one", stage, hint))
	}
	return slices.Concat(files, stages, []source{command}), others, problems
}

// split separates the CDK's files from the command line, which the CDK CLI merges.
// A command line value that equals a file's counts as the file's.
func split(context map[string]any) (command source, files []source, problems []error) {
	command = source{name: "-c", values: maps.Clone(context), shared: true}
	if command.values == nil {
		command.values = map[string]any{}
	}
	for _, path := range contextFiles {
		values, err := readContext(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			problems = append(problems, err)
		}
		file := source{name: path, values: map[string]any{}, shared: true}
		for key, value := range values {
			if merged, ok := command.values[key]; ok && reflect.DeepEqual(plain(merged), plain(value)) {
				file.values[key] = value
				delete(command.values, key)
			}
		}
		if inner, given := file.values["defog"]; given {
			object, ok := object(inner)
			if !ok {
				problems = append(problems, file.problem("defog", errors.New(`not a map; want {"setting": value, …}`)))
			}
			files = append(files, source{name: path + ", defog", values: maps.Clone(object)})
			delete(file.values, "defog")
		}
		files = append(files, file)
	}
	for _, key := range []string{"defog", "stages"} {
		if _, given := command.values[key]; given {
			problems = append(problems, command.problem(key, errors.New("not allowed on the command line; want single settings, -c key=value")))
			delete(command.values, key)
		}
	}
	return command, reversed(files), problems
}

// takeStages removes the stages from a source and returns them as sources.
func (s source) takeStages() (map[string]source, []error) {
	value := s.values["stages"]
	delete(s.values, "stages")
	stages, ok := object(value)
	if value != nil && !ok {
		return nil, []error{s.problem("stages", errors.New(`not a map; want {"stage": {"setting": value, …}, …}`))}
	}
	found := map[string]source{}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(stages)) {
		values, ok := object(stages[name])
		if !ok {
			problems = append(problems, s.problem("stages."+name, errors.New(`not a map; want {"setting": value, …}`)))
			continue
		}
		stage := source{name: s.name + ", stage " + name, values: maps.Clone(values)}
		for _, key := range notOfStages {
			if _, given := stage.values[key]; given {
				problems = append(problems, stage.problem(key, errors.New("not allowed in a stage; want it beside stages, or as -c")))
				delete(stage.values, key)
			}
		}
		found[name] = stage
	}
	return found, problems
}

// readObject reads a file with one JSON object. The path may begin with ~.
func readObject(path string) (map[string]any, error) {
	home, err := os.UserHomeDir()
	if err != nil && strings.HasPrefix(path, "~/") {
		return nil, fmt.Errorf("%s: find the home directory: %w", path, fs.ErrNotExist)
	}
	data, err := os.ReadFile(expand(path, home))
	if err != nil {
		return nil, err
	}
	var values map[string]any
	if err := jsonfile.Decode(data, &values); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return values, nil
}

// readContext returns the context in one of the contextFiles.
func readContext(path string) (map[string]any, error) {
	values, err := readObject(path)
	if path != "cdk.context.json" { // which holds the context itself
		values, _ = values["context"].(map[string]any)
	}
	return values, err
}

// plain returns a JSON value with numbers as float64, for comparisons.
func plain(value any) any {
	data, err := json.Marshal(value)
	if err != nil {
		return value
	}
	var same any
	if err := json.Unmarshal(data, &same); err != nil {
		return value
	}
	return same
}

func reversed(list []source) []source {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

// initial returns a setting's default.
func initial(key string) string {
	return settingFields[slices.IndexFunc(settingFields, func(f field) bool { return f.key == key })].initial
}
