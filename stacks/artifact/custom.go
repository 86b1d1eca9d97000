package artifact

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"

	"defog-cdk/config"
	"defog-cdk/internal/archive"
)

// Custom holds the artifacts of a custom function.
type Custom struct {
	Hydration    Hydration
	Program      *Program // hydrate; nil for NotHydrated
	Code         *Zip     // nil when the code stays in function_source_bucket
	Dependencies *Zip     // nil when they stay there, or when there are none
	Variables    map[string]string
	StorageMB    int // of /tmp

	// Unchecked lists what synth could not read in the bucket, with the reasons.
	Unchecked []string

	podpac string // its version, "" if no zip contains it

	source   *sourceBucket
	conf     config.Config
	hydrated []*Zip // made by HydratedCode
}

// Hydration is how lambda/hydrate installs the dependencies before the runtime
// starts.
type Hydration int

// The ways of hydration.
const (
	NotHydrated    Hydration = iota // no dependencies, or the handler fetches them
	WrappedRuntime                  // a layer; AWS_LAMBDA_EXEC_WRAPPER of a managed runtime
	LayerBootstrap                  // a layer; the bootstrap of code in a bucket
	CodeBootstrap                   // the bootstrap in the code
)

// hydrationOf returns the way that the runtime requires.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html#runtime-wrapper
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html
func hydrationOf(conf config.Config) Hydration {
	switch provided := conf.Runtime == config.ProvidedRuntime; {
	case !conf.Hydrate || !conf.HasDependencies():
		return NotHydrated
	case provided && conf.DistZip != "":
		return CodeBootstrap
	case provided:
		return LayerBootstrap
	}
	return WrappedRuntime
}

// program returns hydrate's source, with the file name that the way requires.
func (h Hydration) program(architecture string) source {
	if h == WrappedRuntime {
		return hydrateSource(architecture, wrapper)
	}
	return hydrateSource(architecture, bootstrap)
}

// custom returns what it made even after an error, for the caller to remove.
func (p *preparer) custom(ctx context.Context, conf config.Config, environment Environment) (*Custom, error) {
	custom := newCustom(conf, environment)
	if custom.Hydration != NotHydrated {
		custom.Program = p.program(ctx, custom.Hydration.program(conf.Architecture))
	}
	return custom, custom.prepare(ctx, environment)
}

func newCustom(conf config.Config, environment Environment) *Custom {
	return &Custom{Hydration: hydrationOf(conf), conf: conf, source: newSourceBucket(conf, environment)}
}

func (c *Custom) prepare(ctx context.Context, environment Environment) error {
	err := errors.Join(c.takeZips(ctx), checkTriggerBucket(ctx, c.conf.Bucket, environment))
	if err == nil {
		c.Variables, err = c.variables(c.conf)
	}
	return err
}

// remove deletes the files. It may be called on nil.
func (c *Custom) remove() error {
	if c == nil {
		return nil
	}
	problems := []error{c.Program.Remove(), c.Code.Remove(), c.Dependencies.Remove()}
	for _, made := range c.hydrated {
		problems = append(problems, made.Remove())
	}
	return errors.Join(problems...)
}

// zipSource is where one of a custom function's two zips comes from: a path, or
// a key in function_source_bucket. It is empty without such a zip.
type zipSource struct {
	zipSetting, path         string
	keySetting, key, version string
}

func codeSource(conf config.Config) zipSource {
	return zipSource{"function_source_dist_zip", conf.DistZip, "function_source_dist_key", conf.DistKey, conf.DistVersion}
}

func dependenciesSource(conf config.Config) zipSource {
	return zipSource{"function_source_dependencies_zip", conf.Dependencies, "function_source_dependencies_key", conf.DependenciesKey, conf.DependenciesVersion}
}

// setting returns the key of the setting that names the zip.
func (s zipSource) setting() string {
	if s.path != "" {
		return s.zipSetting
	}
	return s.keySetting
}

// takeZips packs or reads code and dependencies, and checks that they fit each
// other.
func (c *Custom) takeZips(ctx context.Context) (err error) {
	conf := c.conf
	code, codeProblem := take(ctx, codeSource(conf), c.source, &c.Code)
	dependencies, dependenciesProblem := take(ctx, dependenciesSource(conf), c.source, &c.Dependencies)
	defer func() { err = errors.Join(err, code.Close(), dependencies.Close()) }()
	c.Unchecked = c.source.unchecked

	problems := []error{codeProblem, dependenciesProblem}
	if code != nil {
		problems = append(problems, about(codeSource(conf).setting(), checkCode(conf, c.Hydration, code, dependencies)))
	}
	if dependencies != nil && c.Hydration != NotHydrated {
		problems = append(problems, about(dependenciesSource(conf).setting(), dependencies.CheckRatio()))
	}
	if dependenciesProblem == nil {
		storage, err := storageFor(conf, dependencies)
		c.StorageMB = storage
		problems = append(problems, about(dependenciesSource(conf).setting(), err))
	}
	// A stack must not depend on what synth can read in a bucket.
	if c.Code != nil {
		c.podpac = podpacVersion(code)
	}
	if c.Dependencies != nil {
		c.podpac = cmp.Or(c.podpac, podpacVersion(dependencies))
	}
	return errors.Join(problems...)
}

// take stores a zip that is to be uploaded in made, and opens it. The archive is
// nil when there is none, or when synth could not read it.
func take(ctx context.Context, from zipSource, bucket *sourceBucket, made **Zip) (*archive.Archive, error) {
	switch {
	case from.path != "":
		zip, err := zipOf(from.zipSetting, from.path)
		if err != nil {
			return nil, err
		}
		*made = zip
		found, err := archive.Open(zip.Path)
		if err != nil {
			return nil, about(fmt.Sprintf("%s: %s", from.zipSetting, from.path), err)
		}
		return found, about(from.zipSetting, checkNative(bucket.conf, found))
	case from.key != "":
		return bucket.read(ctx, from)
	}
	return nil, nil
}

// zipOf returns the zip that a setting names, or packs the folder that it names.
func zipOf(setting, path string) (*Zip, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", setting, err)
	}
	if !info.IsDir() {
		return takeZip(setting, path)
	}
	made, err := packFolders("function.zip", []string{path})
	if err != nil {
		return nil, fmt.Errorf("%s: pack %s: %w", setting, path, err)
	}
	return made, nil
}

// about prefixes each problem of a joined error with its subject.
func about(subject string, err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var problems []error
		for _, problem := range joined.Unwrap() {
			problems = append(problems, about(subject, problem))
		}
		return errors.Join(problems...)
	}
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", subject, err)
}

// podpacInfo matches the metadata of podpac among packages.
var podpacInfo = regexp.MustCompile(`^podpac-([0-9][0-9A-Za-z.+!-]*)\.dist-info/METADATA$`)

// podpacVersion returns the version of podpac in a zip, "" for none.
func podpacVersion(found *archive.Archive) (version string) {
	if found == nil {
		return ""
	}
	found.HasAny(func(name string) bool {
		match := podpacInfo.FindStringSubmatch(name)
		if match != nil {
			version = match[1]
		}
		return match != nil
	})
	return version
}
