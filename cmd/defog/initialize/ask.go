package initialize

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"defog-cdk/config"
	"defog-cdk/config/connection"
)

var generators = []string{"defog", "golden", "bedrock", "openai"}

// ask asks for what the options lack.
func (r *run) ask(ctx context.Context, p *prompter) error {
	fmt.Fprint(p.out, "init writes the files of a deployment. Enter accepts a [default]; @file reads an answer from a file.\n\n")
	for _, step := range []func(context.Context, *prompter) error{r.askApplication, r.askGenerator, r.askDatabase, r.askGolden} {
		if err := step(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// fill asks a question unless *answer has an answer.
func fill(ctx context.Context, p *prompter, answer *string, q question) error {
	if *answer != "" {
		return nil
	}
	text, err := p.ask(ctx, q)
	*answer = text
	return err
}

// setting asks for a setting.
func (r *run) setting(ctx context.Context, p *prompter, key string, q question) error {
	text := r.Settings[key]
	if err := fill(ctx, p, &text, q); err != nil {
		return err
	}
	if text != "" {
		r.Settings[key] = text
	}
	return nil
}

func (r *run) askApplication(ctx context.Context, p *prompter) error {
	return r.setting(ctx, p, "app_name", question{title: "Name of the application (app_name)", initial: defaultAppName, check: checkSetting("app_name")})
}

func (r *run) askGenerator(ctx context.Context, p *prompter) error {
	if err := r.setting(ctx, p, "generator", question{
		title: "SQL generator: " + strings.Join(generators, ", "), initial: "defog", check: oneOf(generators),
	}); err != nil {
		return err
	}
	switch generator := r.Settings["generator"]; generator {
	case "defog":
		return fill(ctx, p, &r.APIKey, question{title: "Defog API key (not shown)", secret: true, check: required})
	case "bedrock", "openai":
		if generator == "openai" {
			if err := fill(ctx, p, &r.APIKey, question{title: "API key of the model (not shown; Enter for none)", secret: true}); err != nil {
				return err
			}
		}
		return r.setting(ctx, p, "generator_model", question{title: "Model (generator_model)", check: required})
	}
	return nil
}

func (r *run) askDatabase(ctx context.Context, p *prompter) error {
	types := connection.DBTypes()
	if err := fill(ctx, p, &r.DBType, question{title: "Database (db_type): " + strings.Join(types, ", "), check: oneOf(types)}); err != nil {
		return err
	}
	keys, known := connection.KeysOf(r.DBType)
	if !known {
		return nil // validate reports it
	}
	required, more := keys.Required, keys.Optional
	if keys.IAM {
		more = append(more, "auth")
	}
	givesMore := r.givesAny(more)
	if others := only(keys.Instead, keys.Required); len(others) > 0 && !r.givesAny(only(keys.Required, keys.Instead)) {
		instead, mine := r.givesAny(others), strings.Join(only(keys.Required, keys.Instead), ", ")
		if !instead {
			choice, err := p.ask(ctx, question{
				title: fmt.Sprintf("Log in by %s or %s", mine, strings.Join(others, ", ")), initial: mine,
				check: oneOf([]string{mine, strings.Join(others, ", ")}),
			})
			if err != nil {
				return err
			}
			instead = choice != mine
		}
		if instead {
			required = keys.Instead
		}
	}
	for _, key := range required {
		if err := r.askKey(ctx, p, key, keys.IAM && key == "password"); err != nil {
			return err
		}
	}
	if len(more) == 0 || givesMore {
		return nil
	}
	return r.askMore(ctx, p, only(more, required))
}

// givesAny reports whether the options give one of the keys.
func (r *run) givesAny(keys []string) bool {
	return slices.ContainsFunc(keys, func(key string) bool { return r.Creds[key] != "" })
}

// only returns the keys that are not in others.
func only(keys, others []string) []string {
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return slices.Contains(others, key) })
}

// askKey asks for a key of db_creds. With iam, no answer selects IAM
// authentication.
func (r *run) askKey(ctx context.Context, p *prompter, key string, iam bool) error {
	if r.Creds[key] != "" || key == "password" && r.Creds["auth"] != "" {
		return nil
	}
	q := question{title: key, check: r.checkKey(key)}
	switch {
	case connection.IsSecretKey(key) && iam:
		q.title, q.secret, q.check = key+" (not shown; Enter for IAM authentication)", true, nil
	case connection.IsSecretKey(key):
		q.title, q.secret = key+" (not shown)", true
	case key == "port":
		q.initial = map[string]string{"postgres": "5432", "redshift": "5439"}[r.DBType]
	case key == "database" && r.DBType == "sqlite":
		q.title = "database: name of the SQLite file in the folder " + value(r.Settings["function_source_dependencies_zip"], defaultDependencies)
	}
	answer, err := p.ask(ctx, q)
	if err != nil {
		return err
	}
	if answer == "" {
		r.Creds["auth"] = connection.IAM
		return r.setting(ctx, p, "database_user_arn", question{title: "ARN of the database user (database_user_arn)", check: required})
	}
	r.Creds[key] = answer
	return nil
}

// askMore asks for optional keys, until an empty line.
func (r *run) askMore(ctx context.Context, p *prompter, keys []string) error {
	for {
		answer, err := p.ask(ctx, question{
			title: "More keys as key=value (" + strings.Join(keys, ", ") + "); Enter for none",
			check: func(text string) error {
				if text == "" {
					return nil
				}
				key, text, found := strings.Cut(text, "=")
				if !found {
					return errors.New("no value; want key=value, or Enter")
				}
				if err := oneOf(keys)(key); err != nil {
					return err
				}
				return r.checkKey(key)(text)
			},
		})
		if err != nil || answer == "" {
			return err
		}
		key, text, _ := strings.Cut(answer, "=")
		r.Creds[key] = text
	}
}

func (r *run) askGolden(ctx context.Context, p *prompter) error {
	r.dependencies = value(r.Settings["function_source_dependencies_zip"], defaultDependencies)
	if r.Settings["generator"] != "golden" || r.hasGolden() {
		return nil
	}
	fmt.Fprintln(p.out, "The generator golden answers the questions in golden.json. The first one:")
	if err := fill(ctx, p, &r.Question, question{title: "Question", check: required}); err != nil {
		return err
	}
	return fill(ctx, p, &r.SQL, question{title: "Its SQL", check: required})
}

func required(text string) error {
	if text == "" {
		return errors.New("missing; want a text")
	}
	return nil
}

func oneOf(valid []string) func(string) error {
	return func(text string) error {
		if slices.Contains(valid, text) {
			return nil
		}
		return fmt.Errorf("%q is unknown; want one of %s", text, strings.Join(valid, ", "))
	}
}

// checkSetting returns the check of a setting's value by itself.
func checkSetting(key string) func(string) error {
	return func(text string) error {
		prefix := key + " (" + settingsFile + "): "
		for _, problem := range config.CheckFile(settingsFile, map[string]any{key: text}, "dev") {
			if reason, found := strings.CutPrefix(problem.Error(), prefix); found {
				return errors.New(reason)
			}
		}
		return nil
	}
}

// checkKey returns the check of one key of db_creds: that of the connection file.
func (r *run) checkKey(key string) func(string) error {
	return func(text string) error {
		if text == "" {
			return errors.New("missing; want a text")
		}
		text, err := readReference(text)
		if err != nil {
			return err
		}
		data, err := json.Marshal(map[string]any{"db_type": r.DBType, "db_creds": map[string]string{key: text}})
		if err != nil {
			return fmt.Errorf("encode the answer: %w", err)
		}
		_, err = connection.Parse(data)
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			for _, problem := range joined.Unwrap() {
				if reason, found := strings.CutPrefix(problem.Error(), "db_creds."+key+": "); found {
					return errors.New(reason)
				}
			}
		}
		if key == "database" && r.DBType == "sqlite" {
			return checkSQLite(value(r.Settings["function_source_dependencies_zip"], defaultDependencies), text)
		}
		return nil
	}
}
