package artifact

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"defog-cdk/config"
	"defog-cdk/internal/archive"
)

const mebibyte = 1 << 20

// unzippedLimit is how many bytes a function's code and layers may have
// together. Lambda's limit of 50 MB for zips does not apply: the CDK uploads
// them through S3.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const unzippedLimit = 250 * mebibyte

// hydrateSize is the room for hydrate beside the code.
const hydrateSize = 16 * mebibyte

// checkCode returns why the code does not work with the settings. dependencies
// may be nil; they count where hydrate installs them before the runtime starts.
func checkCode(conf config.Config, hydration Hydration, code, dependencies *archive.Archive) error {
	hydrated := hydration != NotHydrated
	var problems []error
	limit := int64(unzippedLimit)
	if hydrated {
		limit -= hydrateSize
	}
	if code.Unzipped > limit {
		problems = append(problems, fmt.Errorf("has %d MB unzipped; want up to %d MB: Lambda's limit of %d MB less hydrate's room; "+
			"move packages into function_source_dependencies_zip", (code.Unzipped+mebibyte-1)/mebibyte, limit/mebibyte, unzippedLimit/mebibyte))
	}
	if hydration == LayerBootstrap && code.Has(bootstrap) {
		problems = append(problems, errors.New("contains a program bootstrap, which Lambda would start instead of hydrate; want another name, set in function_handler. "+
			"Or set function_source_dist_zip to the code's path, or function_hydrate=false"))
	}
	entry := entryOf(conf, hydration)
	found := entry.in(code) || hydrated && dependencies != nil && entry.in(dependencies)
	unreadable := hydrated && dependencies == nil || len(conf.Layers) > 0 // the entry may be in there
	if !found && !unreadable {
		problems = append(problems, fmt.Errorf("does not contain what function_handler=%s names; want %s", conf.Handler, entry.files))
	}
	problems = append(problems, code.CheckReadable())
	if entry.program != "" && code.Has(entry.program) {
		problems = append(problems, code.CheckProgram(entry.program))
	}
	return errors.Join(problems...)
}

// checkNative returns an error for native libraries of another processor, or of another
// version of Python.
func checkNative(conf config.Config, zip *archive.Archive) error {
	member, machine, err := zip.Foreign(conf.Architecture)
	switch {
	case err != nil:
		return err
	case member != "":
		return fmt.Errorf("its %s is for %s; want %s, the value of architecture; set architecture, or pack for that processor", member, machine, conf.Architecture)
	}
	if version, isPython := strings.CutPrefix(conf.Runtime, "python"); isPython {
		if member, other := zip.OtherPython(version); member != "" {
			return fmt.Errorf("its %s is for Python %s, and function_runtime is %s; set function_runtime=python%s, or pack with --python %s", member, other, conf.Runtime, other, version)
		}
	}
	return nil
}

// entry is the file that the runtime starts with.
type entry struct {
	files   string // the possible names, for errors
	matches func(name string) bool
	program string // what must be executable, "" for none
}

func (e entry) in(zip *archive.Archive) bool { return zip.HasAny(e.matches) }

// entryOf returns the entry that function_handler names.
// https://docs.aws.amazon.com/lambda/latest/dg/foundation-progmodel.html
func entryOf(conf config.Config, hydration Hydration) entry {
	module, _, _ := strings.Cut(conf.Handler, "::")
	switch language := strings.TrimRight(conf.Runtime, "0123456789.x"); {
	case conf.Runtime == config.ProvidedRuntime && hydration == LayerBootstrap:
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
		files:   class + ", or a jar in lib/",
		matches: func(name string) bool { return name == class || path.Dir(name) == "lib" && path.Ext(name) == ".jar" },
	}
}

func oneOf(names ...string) entry {
	return entry{files: strings.Join(names, " or "), matches: func(name string) bool { return slices.Contains(names, name) }}
}

func executable(name string) entry {
	found := oneOf(name)
	found.program = name
	return found
}

// pythonEntry matches a module, a package, or a compiled one of either.
func pythonEntry(handler string) entry {
	dot := strings.LastIndex(handler, ".")
	module := strings.ReplaceAll(handler[:max(dot, 0)], ".", "/")
	native := regexp.MustCompile("^" + regexp.QuoteMeta(module) + `(/__init__)?(\.pyc?|(\.[\w-]+)?\.so)$`)
	return entry{files: module + ".py or " + module + "/__init__.py", matches: native.MatchString}
}

// The size of a function's /tmp in MB.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html
const (
	minStorage = 512
	maxStorage = 10240
)

// storageRoom is the room in MB beside the dependencies, by default.
const storageRoom = 128

// storageFor returns the size of the function's /tmp in MB: that of the
// settings, or what the dependencies need. dependencies are nil when there are
// none, or when synth could not read them.
func storageFor(conf config.Config, dependencies *archive.Archive) (int, error) {
	if dependencies == nil {
		return conf.EphemeralStorage, nil
	}
	size, form := dependencies.Disk, "extracted"
	if !conf.Hydrate {
		size, form = size+dependencies.Zipped, "zipped and extracted"
	}
	needed := int((size + mebibyte - 1) / mebibyte)
	most, limit := maxStorage, fmt.Sprintf("want up to %d MB, Lambda's limit", maxStorage)
	if conf.SnapStart {
		most, limit = config.SnapshotStorage, fmt.Sprintf("want up to %d MB with snap_start", config.SnapshotStorage)
	}
	if conf.Given("ephemeral_storage") {
		most, limit = conf.EphemeralStorage, fmt.Sprintf("want ephemeral_storage=%d or more, and it is %d", needed, conf.EphemeralStorage)
	}
	switch {
	case needed > most:
		return 0, fmt.Errorf("need %d MB of the function's /tmp, %s; %s", needed, form, limit)
	case conf.Given("ephemeral_storage"):
		return conf.EphemeralStorage, nil
	case conf.DependenciesKey != "" && needed > minStorage:
		// What synth can read in a bucket depends on its credentials; the stack must not.
		return 0, fmt.Errorf("need %d MB of the function's /tmp, %s; set ephemeral_storage=%d", needed, form, min(needed+storageRoom, maxStorage))
	}
	return min(max(needed+storageRoom, minStorage), most), nil
}
