package initialize

import (
	"context"
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
	return r.setting(ctx, p, "app_name", question{title: "Name of the application (app_name)", initial: defaultAppName, check: r.checkSetting("app_name")})
}

func (r *run) askGenerator(ctx context.Context, p *prompter) error {
	if err := r.setting(ctx, p, "generator", question{
		title: "SQL generator: " + strings.Join(generators, ", "), initial: connection.Connection{APIKey: r.APIKey}.DefaultGenerator(), check: r.checkGenerator,
	}); err != nil {
		return err
	}
	switch generator := r.Settings["generator"]; generator {
	case "defog":
		return fill(ctx, p, &r.APIKey, question{title: "Defog API key (not shown)", secret: true, check: r.checkAPIKey})
	case "bedrock", "openai":
		if generator == "openai" {
			if err := fill(ctx, p, &r.APIKey, question{title: "API key of the model (not shown; Enter for none)", secret: true, check: optional(r.checkAPIKey)}); err != nil {
				return err
			}
		}
		return r.setting(ctx, p, "generator_model", question{
			title: "Model (generator_model)", initial: connection.ModelOf(generator, ""), check: r.checkSetting("generator_model"),
		})
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
		q.title, q.secret, q.check = key+" (not shown; Enter for IAM authentication)", true, optional(q.check)
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
		return r.setting(ctx, p, "database_user_arn", question{title: "ARN of the database user (database_user_arn)", check: r.checkSetting("database_user_arn")})
	}
	r.Creds[key] = answer
	return nil
}

// askMore asks for optional keys, until an empty line.
func (r *run) askMore(ctx context.Context, p *prompter, keys []string) error {
	for {
		answer, err := p.ask(ctx, question{
			title: "More keys as key=value (" + strings.Join(keys, ", ") + "); Enter for none",
			check: optional(func(text string) error {
				key, text, found := strings.Cut(text, "=")
				if !found {
					return errors.New("no value; want key=value, or Enter")
				}
				if err := oneOf(keys)(key); err != nil {
					return err
				}
				return r.checkKey(key)(text)
			}),
		})
		if err != nil || answer == "" {
			return err
		}
		key, text, _ := strings.Cut(answer, "=")
		r.Creds[key] = text
	}
}

func (r *run) askGolden(ctx context.Context, p *prompter) error {
	if r.Settings["generator"] != "golden" || r.hasGolden() {
		return nil
	}
	fmt.Fprintln(p.out, "The generator golden answers the questions in golden.json. The first one:")
	if err := fill(ctx, p, &r.Question, question{title: "Question", check: required}); err != nil {
		return err
	}
	return fill(ctx, p, &r.SQL, question{title: "Its SQL", check: func(text string) error { return checkPair(r.Question, text) }})
}

func required(text string) error {
	if text == "" {
		return errors.New("missing; want a text")
	}
	return nil
}

// optional returns a check that also accepts no answer.
func optional(check func(string) error) func(string) error {
	return func(text string) error {
		if text == "" {
			return nil
		}
		return check(text)
	}
}

func oneOf(valid []string) func(string) error {
	return func(text string) error {
		if slices.Contains(valid, text) {
			return nil
		}
		return fmt.Errorf("%q is unknown; want one of %s", text, strings.Join(valid, ", "))
	}
}

// checkSetting returns the check of a setting beside those that are known.
func (r *run) checkSetting(key string) func(string) error {
	return func(text string) error {
		if err := required(text); err != nil {
			return err
		}
		values := map[string]any{key: text}
		for known, value := range r.Settings {
			values[known] = value
		}
		return reason(key+" ("+settingsFile+")", errors.Join(config.CheckFile(settingsFile, values, value(r.Settings["stage"], "dev"))...))
	}
}

// checkGenerator checks the name of a SQL generator, and its files that exist.
func (r *run) checkGenerator(generator string) error {
	if err := oneOf(generators)(generator); err != nil {
		return err
	}
	return errors.Join(r.checkFiles(generator)...)
}

func (r *run) checkAPIKey(text string) error {
	if err := required(text); err != nil {
		return err
	}
	return r.checkConnection("api_key", Options{APIKey: text})
}

// checkKey returns the check of one key of db_creds.
func (r *run) checkKey(key string) func(string) error {
	return func(text string) error {
		if err := required(text); err != nil {
			return err
		}
		if err := r.checkConnection("db_creds."+key, Options{DBType: r.DBType, Creds: map[string]string{key: text}}); err != nil {
			return err
		}
		if key == "database" && r.DBType == "sqlite" {
			text, err := readReference(text)
			if err != nil {
				return err
			}
			return checkSQLite(r.dependencies, text)
		}
		return nil
	}
}

// checkConnection checks one key of the connection file by itself.
func (r *run) checkConnection(key string, answer Options) error {
	_, err := (&run{Options: answer}).connection()
	return reason(key, err)
}

// reason returns the first problem with a key, without the key.
func reason(key string, err error) error {
	if err == nil {
		return nil
	}
	for problem := range strings.SplitSeq(err.Error(), "\n") {
		if text, found := strings.CutPrefix(problem, key+": "); found {
			return errors.New(text)
		}
	}
	return nil
}
