package stacks

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"

	"defog-cdk/config"
	"defog-cdk/internal/archive"
)

const mebibyte = 1 << 20

// unzippedLimit is how many bytes a function's code and layers may have
// together. Up to 50 MB zipped is what Lambda's own API takes; the CDK uploads
// through S3, which knows no such limit.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const unzippedLimit = 250 * mebibyte

// hydrateSize is room for hydrate beside the code.
const hydrateSize = 16 * mebibyte

// checkCode says why the code cannot work with the settings. It takes the
// dependencies, which may be nil, into account when they are ready before the
// runtime starts.
func checkCode(conf config.Config, before front, code, dependencies *archive.Archive) error {
	var problems []error
	limit := int64(unzippedLimit)
	if before != noFront {
		limit -= hydrateSize
	}
	if code.Unzipped > limit {
		problems = append(problems, fmt.Errorf("has %d MB unzipped; valid: up to %d MB, which is Lambda's %d MB without what goes beside it; "+
			"move packages into function_source_dependencies_zip", (code.Unzipped+mebibyte-1)/mebibyte, limit/mebibyte, unzippedLimit/mebibyte))
	}
	if before == beforeBucketBootstrap && code.Has(bootstrap) {
		problems = append(problems, errors.New("has a program bootstrap, which Lambda would start instead of hydrate; rename it and say its name in function_handler, "+
			"or give the zip from here with function_source_dist_zip, or leave the dependencies to it with function_hydrate=false"))
	}
	entry := entryOf(conf, before)
	found := entry.in(code) || before != noFront && dependencies != nil && entry.in(dependencies)
	hidden := before != noFront && dependencies == nil || len(conf.Layers) > 0 // it may be where synth cannot look
	if !found && !hidden {
		problems = append(problems, fmt.Errorf("has not what function_handler=%s names: %s", conf.Handler, entry.says))
	}
	if entry.program != "" && code.Has(entry.program) && !code.Executable(entry.program) {
		problems = append(problems, fmt.Errorf("its %s may not be started; give it the mode 0755 in the zip", entry.program))
	}
	return errors.Join(problems...)
}

// checkMachines refuses native libraries for another processor.
func checkMachines(conf config.Config, zip *archive.Archive) error {
	member, machine, err := zip.Foreign(conf.Architecture)
	switch {
	case err != nil:
		return err
	case member != "":
		return fmt.Errorf("its %s is for %s, and architecture is %s; set architecture, or pack it for that", member, machine, conf.Architecture)
	}
	return nil
}

// entry is what the runtime starts, as a zip holds it.
type entry struct {
	says    string // for a person: one of these files
	matches func(name string) bool
	program string // what must be executable, "" for none
}

func (e entry) in(zip *archive.Archive) bool { return zip.HasAny(e.matches) }

// entryOf is what function_handler names.
// https://docs.aws.amazon.com/lambda/latest/dg/foundation-progmodel.html
func entryOf(conf config.Config, before front) entry {
	module, _, _ := strings.Cut(conf.Handler, "::")
	switch language := strings.TrimRight(conf.Runtime, "0123456789.x"); {
	case conf.Runtime == config.ProvidedRuntime && before == beforeBucketBootstrap:
		return executable(conf.Handler)
	case conf.Runtime == config.ProvidedRuntime:
		return executable(bootstrap)
	case language == "python":
		return pythonEntry(conf.Handler)
	case language == "nodejs":
		file, name := path.Split(module)
		name, _, _ = strings.Cut(name, ".")
		return oneOf(path.Join(file, name+".js"), path.Join(file, name+".mjs"), path.Join(file, name+".cjs"))
	case language == "ruby":
		file, _, _ := strings.Cut(module, ".")
		return oneOf(file + ".rb")
	case strings.HasPrefix(conf.Runtime, "dotnet"):
		return oneOf(module + ".dll")
	}
	class := strings.ReplaceAll(module, ".", "/") + ".class"
	return entry{
		says:    class + ", or a jar in lib/",
		matches: func(name string) bool { return name == class || path.Dir(name) == "lib" && path.Ext(name) == ".jar" },
	}
}

func oneOf(names ...string) entry {
	return entry{says: strings.Join(names, " or "), matches: func(name string) bool {
		for _, wanted := range names {
			if name == wanted {
				return true
			}
		}
		return false
	}}
}

func executable(name string) entry {
	found := oneOf(name)
	found.program = name
	return found
}

// pythonEntry is a module, a package, or a compiled one of either.
func pythonEntry(handler string) entry {
	at := strings.LastIndex(handler, ".")
	module := strings.ReplaceAll(handler[:max(at, 0)], ".", "/")
	native := regexp.MustCompile("^" + regexp.QuoteMeta(module) + `(/__init__)?(\.pyc?|(\.[\w-]+)?\.so)$`)
	return entry{says: module + ".py or " + module + "/__init__.py", matches: native.MatchString}
}
