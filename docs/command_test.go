package docs

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// external are the programs of others that the documentation uses.
var external = []string{
	"aws", "brew", "curl", "echo", "gcloud", "git", "jq", "mkdir", "chmod", "node", "openssl", "python3", "rm", "sha256sum", "sqlite3", "sudo", "uv", "wsl", "xcode-select",
}

// cdkCommands are the subcommands of the CDK CLI that the documentation uses.
var cdkCommands = []string{"bootstrap", "deploy", "destroy", "diff", "drift", "gc", "import", "ls", "orphan", "refactor", "synth", "watch"}

// checker verifies that commands exist.
type checker struct {
	makefile string
	scripts  map[string]string                         // of package.json
	settings []string                                  // keys and aliases
	sources  map[string]string                         // of the checkout, by path
	help     func(subcommand ...string) (string, bool) // of the program defog
}

func newChecker(t *testing.T) checker {
	t.Helper()
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	var npm struct{ Scripts map[string]string }
	readJSON(t, "package.json", &npm)
	var schema struct {
		Defs struct {
			Context struct{ Properties map[string]any }
		} `json:"$defs"`
	}
	readJSON(t, "config/settings.schema.json", &schema)
	var settings []string
	for key := range schema.Defs.Context.Properties {
		settings = append(settings, key)
	}
	if len(settings) < 50 {
		t.Fatalf("config/settings.schema.json: %d settings; want all", len(settings))
	}
	return checker{string(makefile), npm.Scripts, settings, sources(t, ".go"), buildDefog(t)}
}

func readJSON(t *testing.T, file string, into any) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, file))
	if err == nil {
		err = json.Unmarshal(content, into)
	}
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// buildDefog compiles the program defog, and returns a function that returns a
// subcommand's help.
func buildDefog(t *testing.T) func(...string) (string, bool) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "defog")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./cmd/defog")
	build.Dir = root
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", build, err, output)
	}
	known := map[string]string{}
	return func(subcommand ...string) (string, bool) {
		name := strings.Join(subcommand, " ")
		if _, ok := known[name]; !ok {
			// Not --help, because diff passes that to the CDK CLI.
			output, err := exec.CommandContext(context.Background(), program, append([]string{"help"}, subcommand...)...).CombinedOutput()
			if err != nil || strings.HasPrefix(string(output), "Unknown help topic") {
				output = nil
			}
			known[name] = string(output)
		}
		return known[name], known[name] != ""
	}
}

// command is a shown command, split into words.
type command struct {
	path  string
	line  int
	words []string
}

func (c command) String() string {
	return fmt.Sprintf("%s:%d: %s", c.path, c.line, strings.Join(c.words, " "))
}

// commandStart matches code spans that are commands of this project.
var commandStart = regexp.MustCompile(`^((make|npm (run|ci)|npx|go (run|test) \./\S*|defog)( |$)|(\.ci|pipeline)/\w)`)

// commands returns those of shell blocks, and those of code spans.
func (d document) commands() []command {
	var all []command
	for _, block := range d.blocks {
		if block.language != "sh" {
			continue
		}
		var joined string
		for i, line := range block.lines {
			if before, continued := strings.CutSuffix(strings.TrimRight(line, " "), `\`); continued {
				joined += before + " "
				continue
			}
			for _, words := range split(joined + line) {
				all = append(all, command{d.path, block.line + i + 1, words})
			}
			joined = ""
		}
	}
	for _, text := range d.texts {
		for _, match := range codeSpan.FindAllStringSubmatch(text.content, -1) {
			if !commandStart.MatchString(match[1]) {
				continue
			}
			for _, words := range split(match[1]) {
				all = append(all, command{d.path, text.line, words})
			}
		}
	}
	return all
}

var assignment = regexp.MustCompile(`^[A-Z_0-9]+=`)

// split returns the commands of a shell line as words, without comments,
// targets of output and assignments before a command.
func split(line string) [][]string {
	var commands [][]string
	var words []string
	var word strings.Builder
	var quote rune
	started := false
	endWord := func() {
		if started && (len(words) > 0 || !assignment.MatchString(word.String())) && !strings.HasPrefix(word.String(), ">") {
			words = append(words, word.String())
		}
		word.Reset()
		started = false
	}
	endCommand := func() {
		endWord()
		if len(words) > 0 {
			commands = append(commands, words)
		}
		words = nil
	}
scan:
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '"' || r == '\'':
			quote, started = r, true
		case r == ' ' || r == '\t':
			endWord()
		case r == '#' && !started:
			break scan
		case r == ';' || r == '|' || r == '&':
			endCommand()
		default:
			word.WriteRune(r)
			started = true
		}
	}
	endCommand()
	return commands
}

// check returns what does not exist, "" for nothing.
func (c checker) check(words []string) string {
	switch program, arguments := words[0], words[1:]; {
	case program == "make":
		return c.checkMake(arguments)
	case program == "npm" && slices.Equal(arguments, []string{"ci"}):
		return ""
	case program == "npm":
		return c.checkNPM(arguments)
	case program == "npx":
		return c.checkCDK(arguments)
	case program == "go":
		return c.checkGo(arguments)
	case program == "defog":
		return c.checkDefog(arguments)
	case strings.Contains(program, "/"):
		if !inCheckout(program) {
			return "no such program"
		}
		return c.checkSettings(arguments)
	case !slices.Contains(external, program):
		return "unknown program; want one of this project, or one in the list external"
	}
	return ""
}

func (c checker) checkMake(arguments []string) string {
	for _, argument := range arguments {
		if variable, _, ok := strings.Cut(argument, "="); ok {
			if !regexp.MustCompile(`\$[({]` + variable + `\b|\(or \$\(` + variable + `\)|\$\$` + variable + `\b`).MatchString(c.makefile) {
				return "no variable " + variable + " in the Makefile"
			}
		} else if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(argument) + `:`).MatchString(c.makefile) {
			return "no target " + argument + " in the Makefile"
		}
	}
	return ""
}

func (c checker) checkNPM(arguments []string) string {
	if len(arguments) < 2 || arguments[0] != "run" {
		return "unknown command of npm; want ci or run"
	}
	if c.scripts[arguments[1]] == "" {
		return "no script " + arguments[1] + " in package.json"
	}
	if arguments[1] == "review" {
		return c.checkDefog(slices.Concat([]string{"review"}, without(arguments[2:], "--")))
	}
	return c.checkSettings(arguments)
}

func without(words []string, word string) []string {
	return slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == word })
}

func (c checker) checkCDK(arguments []string) string {
	switch {
	case len(arguments) == 0 || arguments[0] != "cdk":
		return "npx runs another program; want cdk"
	case len(arguments) > 1 && arguments[1] != "…" && !slices.Contains(cdkCommands, arguments[1]):
		return "no command " + arguments[1] + " of the CDK CLI"
	}
	return c.checkSettings(arguments)
}

func (c checker) checkGo(arguments []string) string {
	if len(arguments) > 0 && arguments[0] == "test" {
		return c.checkGoTest(arguments[1:])
	}
	if len(arguments) < 2 || arguments[0] != "run" {
		return "unknown command of go; want run or test"
	}
	folder := strings.TrimPrefix(arguments[1], "./")
	if folder == "cmd/defog" {
		return c.checkDefog(arguments[2:])
	}
	if folder == "." {
		return ""
	}
	code := c.code(folder)
	if !strings.Contains(code, "\npackage main\n") {
		return "no program in " + folder
	}
	for _, argument := range arguments[2:] {
		if flag, ok := strings.CutPrefix(argument, "-"); ok && !strings.Contains(code, `"`+flag+`"`) {
			return "no flag -" + flag + " of " + folder
		}
	}
	return ""
}

// code returns the Go code of one folder.
func (c checker) code(folder string) string {
	var code strings.Builder
	for name, content := range c.sources {
		if filepath.ToSlash(filepath.Dir(name)) == folder && !strings.HasSuffix(name, "_test.go") {
			code.WriteString(content)
		}
	}
	return code.String()
}

func (c checker) checkGoTest(arguments []string) string {
	folder := ""
	for _, argument := range arguments {
		if named, ok := strings.CutPrefix(argument, "./"); ok {
			if folder = strings.TrimSuffix(strings.TrimSuffix(named, "..."), "/"); !inCheckout(folder) {
				return "no folder " + named
			}
		}
		if strings.HasPrefix(argument, "Test") && !c.declares(folder, "func "+argument+"(") {
			return "no test " + argument + " in " + folder
		}
	}
	return ""
}

// declares reports whether a line of the folder's code begins so.
func (c checker) declares(folder, start string) bool {
	for name, code := range c.sources {
		if strings.HasPrefix(name, folder+"/") && strings.Contains(code, "\n"+start) {
			return true
		}
	}
	return false
}

var flagLine = regexp.MustCompile(`(?m)^ +(?:(-\w), )?(--[\w-]+)`)

// checkDefog verifies a subcommand of the program defog, its flags, and the
// settings that it gets.
func (c checker) checkDefog(arguments []string) string {
	if len(arguments) == 0 || strings.HasPrefix(arguments[0], "-") || arguments[0] == "…" {
		return ""
	}
	subcommand := arguments[:1]
	if len(arguments) > 1 {
		if _, ok := c.help(arguments[:2]...); ok && slices.Contains([]string{"golden", "secret"}, arguments[0]) {
			subcommand = arguments[:2]
		}
	}
	if arguments[0] == "help" {
		return ""
	}
	help, ok := c.help(subcommand...)
	if !ok {
		return "no subcommand " + strings.Join(subcommand, " ") + " of defog"
	}
	if arguments[0] == "diff" { // its flags are the CDK CLI's
		return c.checkSettings(arguments)
	}
	var flags []string
	for _, match := range flagLine.FindAllStringSubmatch(help, -1) {
		flags = append(flags, match[1], match[2])
	}
	for _, argument := range arguments[len(subcommand):] {
		name, _, _ := strings.Cut(argument, "=")
		if strings.HasPrefix(name, "-") && name != "-" && !slices.Contains(flags, name) {
			return "no flag " + name + " of defog " + strings.Join(subcommand, " ")
		}
	}
	return c.checkSettings(arguments)
}

// checkSettings verifies the keys that -c sets.
func (c checker) checkSettings(arguments []string) string {
	for i, argument := range arguments {
		if argument != "-c" && argument != "--context" {
			continue
		}
		if i+1 == len(arguments) {
			return argument + " without a setting"
		}
		key, _, ok := strings.Cut(arguments[i+1], "=")
		key, _, _ = strings.Cut(key, ".")
		if !ok || !slices.Contains(c.settings, key) && key != "…" && key != "name" {
			return "no setting " + key
		}
	}
	return ""
}

func TestCommands(t *testing.T) {
	checker := newChecker(t) // compiles a program, which takes seconds
	t.Run("All exist", func(t *testing.T) { testAllExist(t, checker) })
	t.Run("Missing ones are reported", func(t *testing.T) { testMissingOnes(t, checker) })
	t.Run("Every subcommand is shown", func(t *testing.T) { testEverySubcommand(t, checker) })
}

func testAllExist(t *testing.T, checker checker) {
	count := 0
	for _, d := range documents(t) {
		for _, command := range d.commands() {
			count++
			if problem := checker.check(command.words); problem != "" {
				t.Errorf("%s: %s", command, problem)
			}
		}
	}
	if count < 100 {
		t.Errorf("%d commands found; want all of the documentation's", count)
	}
}

func testMissingOnes(t *testing.T, checker checker) {
	for line, want := range map[string]string{
		"make demo Q=\"How many?\"":                     "",
		"make demos":                                    "no target demos in the Makefile",
		"make demo QUESTION=x":                          "no variable QUESTION in the Makefile",
		"npm run review -- -c app_name=x":               "",
		"npm run reviews":                               "no script reviews in package.json",
		"npm run review -- --outputs x":                 "no flag --outputs of defog review",
		"npx cdk deploy -c app_name=x -c tags.team=y":   "",
		"npx cdk deploy -c app_nam=x":                   "no setting app_nam",
		"npx cdk deplyo":                                "no command deplyo of the CDK CLI",
		"go run ./cmd/defog ask --json x":               "",
		"go run ./cmd/defog asks":                       "no subcommand asks of defog",
		"go run ./cmd/defog ask --jsons":                "no flag --jsons of defog ask",
		"go run ./cmd/defog secret put --stage x":       "",
		"go run ./cmd/defog secret put --stages x":      "no flag --stages of defog secret put",
		"go run ./lambda/query -listen 127.0.0.1:8080":  "",
		"go run ./lambda/query -listens 127.0.0.1:8080": "no flag -listens of lambda/query",
		"go run ./lambda/queries":                       "no program in lambda/queries",
		"go test ./nowhere/...":                         "no folder nowhere/...",
		"pipeline/build.sh -c pipeline=true":            "",
		"pipeline/builds.sh":                            "no such program",
		"terraform apply":                               "unknown program; want one of this project, or one in the list external",
		"rm x && make demos | jq . # make nothing":      "no target demos in the Makefile",
		"DEFOG_GENERATOR=golden make serves":            "no target serves in the Makefile",
	} {
		page := parse("a.md", "```sh\n"+line+"\n```\n")
		got := ""
		for _, command := range page.commands() {
			if problem := checker.check(command.words); problem != "" {
				got = problem
			}
		}
		if got != want {
			t.Errorf("%s: %q; want %q", line, got, want)
		}
	}
}

func testEverySubcommand(t *testing.T, checker checker) {
	overview, ok := checker.help()
	if !ok {
		t.Fatal("defog help: no output")
	}
	_, overview, _ = strings.Cut(overview, "Available Commands:\n")
	overview, _, _ = strings.Cut(overview, "\n\n")
	shown := map[string]bool{"help": true, "completion": true}
	for _, d := range documents(t) {
		for _, command := range d.commands() {
			if i := slices.Index(command.words, "./cmd/defog"); i > 0 && len(command.words) > i+1 {
				shown[command.words[i+1]] = true
			} else if command.words[0] == "defog" && len(command.words) > 1 {
				shown[command.words[1]] = true
			} else if command.words[0] == "npm" && len(command.words) > 2 {
				shown[command.words[2]] = true
			}
		}
	}
	for line := range strings.Lines(overview) {
		if name, _, _ := strings.Cut(strings.TrimSpace(line), " "); !shown[name] {
			t.Errorf("defog %s: shown on no page; want a command in docs/", name)
		}
	}
}
