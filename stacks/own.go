package stacks

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

// Own is a function of the user's own: its code, and what synth found out about
// it.
type Own struct {
	Code    *Zip // nil when it stays in function_source_bucket
	Storage int  // MB of /tmp

	// Unseen says, for what synth could not look at in the bucket, why.
	Unseen []string

	podpac string // its version, "" if no zip has it
	front  front

	hydrated []*Zip // the code with hydrate in it, to be removed
}

// prepareOwn makes the inputs for a function of the user's own.
func (w *workshop) prepareOwn(ctx context.Context, conf config.Config, place Place) (*Inputs, error) {
	own := &Own{front: frontOf(conf, place)}
	inputs := &Inputs{Place: place, Config: conf, Own: own}
	if own.front != noFront {
		inputs.Code = w.compile(ctx, own.front.program(conf))
	}
	policies, problem := readPolicies(conf)
	inputs.Policies = policies
	err := errors.Join(problem, inputs.takeSources(ctx), inputs.checkTriggerBucket(ctx))
	if err == nil {
		inputs.Environment, err = ownEnvironment(inputs)
	}
	if err != nil {
		return nil, errors.Join(err, inputs.Remove())
	}
	return inputs, nil
}

// remove deletes what was made.
func (o *Own) remove() error {
	if o == nil {
		return nil
	}
	problems := []error{o.Code.Remove()}
	for _, made := range o.hydrated {
		problems = append(problems, made.Remove())
	}
	return errors.Join(problems...)
}

// source is where one of a function's two zips comes from: from here, or from a
// key in function_source_bucket. All texts are empty when there is no such zip.
type source struct {
	zipSetting, path         string
	keySetting, key, version string
}

func codeSource(conf config.Config) source {
	return source{"function_source_dist_zip", conf.DistZip, "function_source_dist_key", conf.DistKey, conf.DistVersion}
}

func dependenciesSource(conf config.Config) source {
	return source{"function_source_dependencies_zip", conf.Dependencies, "function_source_dependencies_key", conf.DependenciesKey, conf.DependenciesVersion}
}

// setting is the one that names the zip.
func (s source) setting() string {
	if s.path != "" {
		return s.zipSetting
	}
	return s.keySetting
}

// takeSources takes code and dependencies from here or looks at them in the
// bucket, and checks that they can work together.
func (i *Inputs) takeSources(ctx context.Context) (err error) {
	conf, own := i.Config, i.Own
	bucket := newSourceBucket(i)
	code, codeProblem := take(ctx, codeSource(conf), bucket, &own.Code)
	if own.front == asBootstrap && own.Code == nil && codeProblem == nil {
		own.Code, codeProblem = bucket.fetch(ctx, codeSource(conf))
	}
	dependencies, dependenciesProblem := take(ctx, dependenciesSource(conf), bucket, &i.Dependencies)
	defer func() { err = errors.Join(err, code.Close(), dependencies.Close()) }()
	own.Unseen = bucket.unseen

	problems := []error{codeProblem, dependenciesProblem}
	if code != nil {
		problems = append(problems, about(codeSource(conf).setting(), checkCode(conf, own.front, code, dependencies)))
	}
	if dependencies != nil && own.front != noFront {
		problems = append(problems, about(dependenciesSource(conf).setting(), dependencies.CheckRatio()))
	}
	if dependenciesProblem == nil {
		storage, err := storageFor(conf, dependencies)
		own.Storage = storage
		problems = append(problems, about(dependenciesSource(conf).setting(), err))
	}
	// Of what is in a bucket, synth may see nothing; the stack is the same then.
	if own.Code != nil {
		own.podpac = podpacVersion(code)
	}
	if i.Dependencies != nil {
		own.podpac = cmp.Or(own.podpac, podpacVersion(dependencies))
	}
	return errors.Join(problems...)
}

// take stores the zip in at when it is to be uploaded, and looks into it. The
// archive is nil when there is none, or when it could not be seen.
func take(ctx context.Context, from source, bucket *sourceBucket, at **Zip) (*archive.Archive, error) {
	switch {
	case from.path != "":
		made, err := uploadable(from.zipSetting, from.path)
		if err != nil {
			return nil, err
		}
		*at = made
		found, err := archive.Open(made.Path)
		if err != nil {
			return nil, about(fmt.Sprintf("%s: %s", from.zipSetting, from.path), err)
		}
		return found, about(from.zipSetting, checkMachines(bucket.conf, found))
	case from.key != "":
		return bucket.look(ctx, from)
	}
	return nil, nil
}

// uploadable is the zip that a setting names, or one of the folder that it
// names.
func uploadable(setting, path string) (*Zip, error) {
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

// about puts what they are about before each of an error's problems.
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

// podpacVersion is the version of podpac in a zip, "" for none.
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
