package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"defog-cdk/config/connection"
	"defog-cdk/internal/environ"
	"defog-cdk/internal/rowsecurity"
	"defog-cdk/lambda/awsenv"
	"defog-cdk/lambda/caller"
	"defog-cdk/lambda/database/guard"
	"defog-cdk/lambda/dependencies"
	"defog-cdk/lambda/generate"
	"defog-cdk/lambda/trace"
)

// The valid values of environ.Generator.
const (
	defog   = generate.TypeDefog
	golden  = generate.TypeGolden
	bedrock = generate.TypeBedrock
	openai  = generate.TypeOpenAI
)

// settings holds the function's environment.
type settings struct {
	connection       connection.Connection // empty with a secret
	secret           string                // name or ARN; "" without one
	generator        string
	model            string // of bedrock and openai
	modelRegion      string // of bedrock
	modelURL         string // of openai; "" selects the connection's base_url
	generatorTimeout time.Duration
	prices           *generate.Prices // of the model; nil if unknown
	maxTokens        int              // of the model, for one question; 0 for no limit
	maxDailyCost     float64          // of the model, in USD; 0 for no limit
	schemaTTL        time.Duration    // of the live catalogue
	dependencies     dependencies.Object
	directory        string // for the extracted dependencies
	maxBytes         int64  // limit of the extracted dependencies
	folder           string // of dependencies that need no extraction; "" on AWS
	statementTimeout time.Duration
	maxRows          int
	maxSQLBytes      int
	maxPlanCost      float64 // in the database's unit; 0 for no limit
	retries          int
	goldenFirst      bool
	samples          int
	form             generate.Form
	logQuestions     bool
	allowedFunctions []string // of the user's, although volatile
	privilegedLogin  bool     // accepts a database user with unsafe powers
	logCallers       bool
	policy           caller.Policy
	resultsBucket    string // for answers over the limits; "" for none
	resultsPrefix    string
	resultsLifetime  time.Duration
	answersTable     string // of long questions; "" refuses them
	answersQueue     string
	answersBucket    string
	historyFolder    string   // in place of historyBucket, without AWS; "" for none
	historyBucket    string   // for history and feedback; "" for none
	runtimeAPI       string   // address of Lambda's APIs; "" outside Lambda
	extensionID      string   // of the program that this one replaced; "" for none
	mcp              bool     // serves the Model Context Protocol
	agentSQL         bool     // agents may run SQL of their own
	toolRows         int      // in the result of an agent's tool
	mcpOrigins       []string // of pages that may use the protocol
	mcpIssuer        string   // of the API's tokens; "" for none
	stack            string   // "" outside a stack
	tracer           *trace.Tracer
	aws              awsenv.Settings
}

// readSettings reads the environment. The error lists every problem with its
// variable.
func readSettings(get func(string) string) (settings, error) {
	s := settings{
		generator:   get(environ.Generator),
		model:       get(environ.GeneratorModel),
		modelRegion: cmp.Or(get(environ.GeneratorRegion), get("AWS_REGION")),
		modelURL:    get(environ.GeneratorBaseURL),
		dependencies: dependencies.Object{
			Bucket: get(environ.DependenciesBucket),
			Key:    get(environ.DependenciesKey),
			SHA256: get(environ.DependenciesHash),
		},
		directory:        cmp.Or(get(environ.DependenciesDirectory), filepath.Join(os.TempDir(), "defog")),
		logQuestions:     get(environ.LogQuestions) == "true",
		goldenFirst:      get(environ.GoldenFirst) == "true",
		form:             generate.Form{Assumptions: get(environ.StateAssumptions) == "true", Clarification: get(environ.AllowClarification) == "true"},
		allowedFunctions: commaSeparated(get(environ.AllowedFunctions)),
		privilegedLogin:  get(environ.AllowPrivilegedLogin) == "true",
		logCallers:       get(environ.LogCallers) == "true",
		policy: caller.Policy{
			Mode:      rowsecurity.Mode(cmp.Or(get(environ.RowSecurity), string(rowsecurity.None))),
			Required:  commaSeparated(get(environ.RowSecurityClaims)),
			RoleClaim: cmp.Or(get(environ.RowSecurityRoleClaim), rowsecurity.DefaultRoleClaim),
			Roles:     commaSeparated(get(environ.RowSecurityRoles)),
		},
		resultsBucket: get(environ.ResultsBucket),
		resultsPrefix: cmp.Or(get(environ.ResultsPrefix), "defog"),
		answersTable:  get(environ.AnswersTable),
		answersQueue:  get(environ.AnswersQueue),
		answersBucket: get(environ.AnswersBucket),
		historyBucket: get(environ.HistoryBucket),
		runtimeAPI:    get("AWS_LAMBDA_RUNTIME_API"),
		extensionID:   get(environ.ExtensionID),
		mcp:           get(environ.MCP) == "true",
		agentSQL:      get(environ.MCPSQL) == "true",
		mcpOrigins:    commaSeparated(get(environ.MCPOrigins)),
		mcpIssuer:     get(environ.MCPIssuer),
		stack:         get(environ.Stack),
		aws:           awsenv.Read(get),
	}
	problems := s.readNumbers(get)
	var err error
	if s.maxDailyCost > 0 && s.prices == nil {
		problems = append(problems, fmt.Errorf("%s: the model's cost is unknown; want its prices in %s", environ.MaxCostPerDay, environ.GeneratorPrice))
	}
	if s.tracer, err = trace.New(get("AWS_XRAY_DAEMON_ADDRESS")); err != nil {
		problems = append(problems, fmt.Errorf("AWS_XRAY_DAEMON_ADDRESS: %w", err))
	}
	if mode := s.policy.Mode; mode != rowsecurity.None && !mode.Enabled() {
		problems = append(problems, fmt.Errorf("%s: %q is unknown; want claims or role", environ.RowSecurity, mode))
	}
	if s.answersTable != "" && openAnswers == nil {
		problems = append(problems, fmt.Errorf("%s: this program answers no long questions; want one with the build tag async", environ.AnswersTable))
	}
	if s.secret = get(environ.CredentialsSecret); s.secret == "" {
		if s.connection, err = connection.Decode(get(environ.Credentials)); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", environ.Credentials, err))
		}
	}
	if s.generator == "" {
		s.generator = s.defaultGenerator()
	}
	s.model = connection.ModelOf(s.generator, s.model)
	if valid := []string{defog, golden, bedrock, openai}; !slices.Contains(valid, s.generator) {
		problems = append(problems, fmt.Errorf("%s: %q is unknown; want one of %s", environ.Generator, s.generator, strings.Join(valid, ", ")))
	}
	if s.generator == openai && s.model == "" {
		problems = append(problems, fmt.Errorf("%s: missing; generator %s requires a model", environ.GeneratorModel, s.generator))
	}
	return s, errors.Join(problems...)
}

// readNumbers reads the numbers of the environment. It returns every problem.
func (s *settings) readNumbers(get func(string) string) (problems []error) {
	number := func(name string, absent, least int) int {
		text := cmp.Or(get(name), strconv.Itoa(absent))
		n, err := strconv.Atoi(text)
		if err != nil || n < least {
			problems = append(problems, fmt.Errorf("%s: %q is invalid; want an integer of at least %d", name, text, least))
		}
		return n
	}
	s.maxBytes = int64(number(environ.DependenciesMaxMB, dependencies.DefaultMaxBytes>>20, 1)) << 20
	s.maxRows = number(environ.MaxRows, 10_000, 1)
	s.toolRows = number(environ.MCPMaxRows, 100, 1)
	s.maxSQLBytes = number(environ.MaxSQLBytes, guard.DefaultMaxBytes, 1)
	s.samples = number(environ.Samples, 1, 1)
	s.retries = number(environ.Retries, 3, 0)
	s.maxTokens = number(environ.MaxTokensPerQuestion, 0, 0)
	s.statementTimeout = time.Duration(number(environ.StatementTimeout, 30, 1)) * time.Second
	s.schemaTTL = time.Duration(number(environ.SchemaTTL, 3600, 1)) * time.Second
	s.generatorTimeout = time.Duration(number(environ.GeneratorTimeout, 0, 0)) * time.Second
	s.resultsLifetime = time.Duration(number(environ.ResultsLifetime, 3600, 1)) * time.Second

	var err error
	if s.prices, err = readPrices(get(environ.GeneratorPrice)); err != nil {
		problems = append(problems, err)
	}
	if s.maxDailyCost, err = readAmount(environ.MaxCostPerDay, get(environ.MaxCostPerDay)); err != nil {
		problems = append(problems, err)
	}
	if s.maxPlanCost, err = readAmount(environ.MaxPlanCost, get(environ.MaxPlanCost)); err != nil {
		problems = append(problems, err)
	}
	return problems
}

// defaultGenerator returns the SQL generator that the environment does not name, as
// synth chooses it.
func (s settings) defaultGenerator() string {
	if s.secret != "" {
		return connection.SecretGenerator
	}
	return s.connection.DefaultGenerator()
}

// readPrices returns the prices in environ.GeneratorPrice, nil for none.
func readPrices(text string) (*generate.Prices, error) {
	if text == "" {
		return nil, nil
	}
	var prices generate.Prices
	if err := json.Unmarshal([]byte(text), &prices); err != nil || min(prices.Input, prices.Output, prices.CacheRead, prices.CacheWrite) < 0 {
		return nil, fmt.Errorf("%s: %q is invalid; want a JSON object with the prices input, output, cache_read and cache_write", environ.GeneratorPrice, text)
	}
	return &prices, nil
}

// readAmount returns the number in a variable, 0 for none.
func readAmount(name, text string) (float64, error) {
	if text == "" {
		return 0, nil
	}
	amount, err := strconv.ParseFloat(text, 64)
	if err != nil || !(amount > 0) || math.IsInf(amount, 0) { // NaN compares as false
		return 0, fmt.Errorf("%s: %q is invalid; want a number above 0", name, text)
	}
	return amount, nil
}

func commaSeparated(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' })
}
