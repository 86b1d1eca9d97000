package artifact

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"defog-cdk/config"
	"defog-cdk/config/connection"
	"defog-cdk/internal/environ"
	"defog-cdk/internal/page"
	"defog-cdk/internal/rowsecurity"
)

// Query holds the artifacts of the query function.
type Query struct {
	Program      *Program
	Dependencies *Zip
	Variables    map[string]string // of the function, without the location of the dependencies

	// Connection is the one in Variables; nil without it.
	Connection *connection.Connection

	Page *Page // nil for none
}

// QuerySettings determine the artifacts of the query function.
type QuerySettings struct {
	StackName    string
	DBType       string
	Architecture string // Lambda's name
	Dependencies string // a folder or a zip; "" adds nothing to the default folder
	StorageMB    int    // of /tmp; default: Lambda's minimum

	// Connection holds the credentials that stand in the template; nil for none.
	Connection        *connection.Connection
	CredentialsSecret string // name or ARN; "" for none

	Generator, GeneratorModel, GeneratorRegion, GeneratorBaseURL string
	GeneratorTimeout, StatementTimeout                           int                    // seconds
	MaxTokensPerQuestion                                         *int                   // nil for no limit
	MaxPlanCost                                                  float64                // in the database's unit; 0 for no limit
	MaxCostPerDay                                                float64                // USD; 0 for no limit
	Price                                                        *config.GeneratorPrice // of a language model; nil if unknown
	SchemaTTL                                                    int                    // seconds; 0 for the function's default
	MaxRows, Retries                                             int
	MaxSQLBytes                                                  int // 0 for the function's default
	ResultsBucket                                                string
	ResultsLifetime                                              int // seconds
	LogQuestions, Metrics                                        bool
	AsyncQuestions                                               bool
	AllowedFunctions                                             []string // each as schema.name
	AllowPrivilegedLogin                                         bool
	MCP                                                          MCPSettings
	LogCallers                                                   bool
	RowSecurity                                                  rowsecurity.Mode // "" for none
	RowSecurityRoleClaim                                         string
	RowSecurityClaims, RowSecurityRoles                          []string

	Trust TrustSettings

	Variables map[string]string // the operator's

	Page *page.Config // nil for none
}

// TrustSettings are the settings of what an answer rests on. Their zero values are the
// function's defaults.
type TrustSettings struct {
	GoldenFirst, Clarification, Assumptions bool
	Samples                                 int
}

// variables returns the variables of the settings that differ from the defaults.
func (s TrustSettings) variables() map[string]string {
	variables := switches(map[string]bool{
		environ.GoldenFirst: s.GoldenFirst, environ.AllowClarification: s.Clarification, environ.StateAssumptions: s.Assumptions,
	})
	if s.Samples > 1 {
		variables[environ.Samples] = strconv.Itoa(s.Samples)
	}
	return variables
}

// MCPSettings are the settings of the Model Context Protocol.
type MCPSettings struct {
	On      bool
	SQL     bool     // agents may run SQL of their own
	MaxRows int      // in the result of a tool
	Origins []string // of pages that may use the protocol
	Issuer  string   // of the API's tokens; "" for none
}

// features returns the build tags of the optional parts.
func (s QuerySettings) features() (tags []string) {
	if s.MCP.On {
		tags = append(tags, mcpTag)
	}
	if s.AsyncQuestions {
		tags = append(tags, asyncTag)
	}
	return tags
}

// The function's defaults.
const (
	defaultMaxSQLBytes = 64 << 10
	defaultSchemaTTL   = 3600 // seconds
)

// QuerySettingsOf returns the query function's part of the settings.
func QuerySettingsOf(conf config.Config) QuerySettings {
	settings := QuerySettings{
		StackName: conf.StackName(), DBType: conf.Connection.DBType, Architecture: conf.Architecture, Dependencies: conf.Dependencies, StorageMB: conf.EphemeralStorage,
		CredentialsSecret: conf.CredentialsSecret,
		Generator:         conf.Generator, GeneratorModel: conf.GeneratorModel, GeneratorRegion: conf.GeneratorRegion, GeneratorBaseURL: conf.GeneratorBaseURL,
		GeneratorTimeout: conf.GeneratorTimeout, StatementTimeout: conf.StatementTimeout, MaxRows: conf.MaxRows, Retries: conf.Retries,
		MaxSQLBytes: conf.MaxSQLBytes, SchemaTTL: conf.SchemaTTL,
		Price: conf.ModelPrice(), MaxTokensPerQuestion: conf.MaxTokensPerQuestion, MaxCostPerDay: conf.MaxCostPerDay, MaxPlanCost: conf.MaxPlanCost,
		ResultsBucket: conf.ResultsBucket, ResultsLifetime: conf.ResultsLifetime,
		AsyncQuestions: conf.AsyncQuestions,
		LogQuestions:   conf.LogQuestions, Metrics: conf.AlarmEmail != "", Variables: conf.Environment,
		AllowedFunctions: conf.AllowedFunctions, AllowPrivilegedLogin: conf.AllowPrivilegedLogin,
		MCP:        MCPSettings{On: conf.MCP, SQL: conf.MCPSQL, MaxRows: conf.MCPMaxRows, Origins: conf.CORSAllowOrigins, Issuer: conf.JWTIssuer},
		Trust:      TrustSettings{GoldenFirst: conf.GoldenFirst, Samples: conf.Samples, Clarification: conf.Clarification, Assumptions: conf.Assumptions},
		LogCallers: conf.LogCallers, RowSecurity: rowsecurity.Mode(conf.RowSecurity), RowSecurityRoleClaim: conf.RowSecurityRoleClaim,
		RowSecurityClaims: conf.RowSecurityClaims, RowSecurityRoles: conf.RowSecurityRoles,
	}
	if conf.CredentialsSecret == "" {
		settings.Connection = &conf.Connection
	}
	if conf.Page {
		settings.Page = pageConfigOf(conf.Settings)
	}
	return settings
}

// sqliteDatabase returns the path of the SQLite database, "" for another database,
// or if a secret holds the path.
func (s QuerySettings) sqliteDatabase() string {
	if s.Connection == nil || s.Connection.DBType != "sqlite" {
		return ""
	}
	return s.Connection.DBCreds.Text("database")
}

// PrepareQuery makes the artifacts of a query function, for an app that has no
// settings in the CDK context. defaults is the folder with the dependencies of
// every query function. The caller must call Remove.
func PrepareQuery(ctx context.Context, settings QuerySettings, defaults string) (*Query, error) {
	query, err := newPreparer(defaults).query(ctx, settings)
	if err != nil {
		return nil, errors.Join(err, query.Remove())
	}
	return query, nil
}

// query returns what it made even after an error, for the caller to remove.
func (p *preparer) query(ctx context.Context, settings QuerySettings) (*Query, error) {
	query := &Query{
		Program:    p.program(ctx, querySource(settings.Architecture, settings.DBType, settings.features()...)),
		Connection: settings.Connection,
	}
	if settings.Page != nil {
		query.Page = p.page(ctx, settings.Architecture, *settings.Page)
	}
	var err error
	if query.Dependencies, err = p.pack(settings.Dependencies); err != nil {
		return query, err
	}
	problem := checkQueryDependencies(query.Dependencies, max(settings.StorageMB, minStorage), settings.sqliteDatabase(), settings.Generator, settings.Trust.GoldenFirst)
	query.Variables, err = queryVariables(settings, query.Dependencies.Hash)
	return query, errors.Join(problem, err)
}

// Remove deletes the files. It may be called on nil.
func (q *Query) Remove() error {
	if q == nil {
		return nil
	}
	return errors.Join(q.Program.Remove(), q.Dependencies.Remove(), q.Page.Remove())
}

// queryVariables returns the query function's variables as far as the settings
// determine them, and an error when they exceed Lambda's limit.
func queryVariables(settings QuerySettings, dependenciesHash string) (map[string]string, error) {
	variables := maps.Clone(settings.Variables)
	if variables == nil {
		variables = map[string]string{}
	}
	variables[environ.Generator] = settings.Generator
	variables[environ.GeneratorTimeout] = strconv.Itoa(settings.GeneratorTimeout)
	variables[environ.DependenciesHash] = dependenciesHash
	variables[environ.StatementTimeout] = strconv.Itoa(settings.StatementTimeout)
	variables[environ.MaxRows] = strconv.Itoa(settings.MaxRows)
	variables[environ.Retries] = strconv.Itoa(settings.Retries)
	for name, value := range map[string]string{
		environ.GeneratorModel:    settings.GeneratorModel,
		environ.GeneratorRegion:   settings.GeneratorRegion,
		environ.GeneratorBaseURL:  settings.GeneratorBaseURL,
		environ.CredentialsSecret: settings.CredentialsSecret,
		environ.AllowedFunctions:  strings.Join(settings.AllowedFunctions, ","),
	} {
		if value != "" {
			variables[name] = value
		}
	}
	maps.Copy(variables, switches(map[string]bool{
		environ.LogQuestions: settings.LogQuestions, environ.LogCallers: settings.LogCallers, environ.AllowPrivilegedLogin: settings.AllowPrivilegedLogin,
	}))
	spending, err := settings.spendingVariables()
	if err != nil {
		return nil, err
	}
	maps.Copy(variables, spending)
	if settings.ResultsBucket != "" {
		variables[environ.ResultsBucket] = settings.ResultsBucket
		variables[environ.ResultsPrefix] = settings.StackName
		variables[environ.ResultsLifetime] = strconv.Itoa(settings.ResultsLifetime)
	}
	if settings.Metrics {
		variables[environ.Stack] = settings.StackName
	}
	if settings.StorageMB > minStorage { // the function's default
		variables[environ.DependenciesMaxMB] = strconv.Itoa(settings.StorageMB)
	}
	if settings.MaxSQLBytes != 0 && settings.MaxSQLBytes != defaultMaxSQLBytes {
		variables[environ.MaxSQLBytes] = strconv.Itoa(settings.MaxSQLBytes)
	}
	if settings.SchemaTTL != 0 && settings.SchemaTTL != defaultSchemaTTL {
		variables[environ.SchemaTTL] = strconv.Itoa(settings.SchemaTTL)
	}
	maps.Copy(variables, settings.Trust.variables())
	settings.MCP.addTo(variables)
	maps.Copy(variables, settings.rowSecurityVariables())
	if settings.Connection != nil {
		credentials, err := settings.Connection.Encode()
		if err != nil {
			return nil, err
		}
		variables[environ.Credentials] = credentials
	}
	size, err := checkSize(variables)
	if err != nil || size <= variablesLimit {
		return variables, err
	}
	return nil, fmt.Errorf("environment_variables: the function's environment has %d bytes, %d of them the credentials and %d environment_variables; want up to %d. "+
		"Move the credentials to Secrets Manager with credentials_secret, or shorten environment_variables",
		size, len(variables[environ.Credentials]), length(settings.Variables), variablesLimit)
}

// switches returns the variables that are on.
func switches(all map[string]bool) map[string]string {
	variables := map[string]string{}
	for name, on := range all {
		if on {
			variables[name] = "true"
		}
	}
	return variables
}

// spendingVariables returns the variables of the model's prices and of the limits.
func (s QuerySettings) spendingVariables() (map[string]string, error) {
	variables := map[string]string{}
	if s.Price != nil {
		price, err := json.Marshal(s.Price)
		if err != nil {
			return nil, fmt.Errorf("encode generator_price: %w", err)
		}
		variables[environ.GeneratorPrice] = string(price)
	}
	if s.MaxTokensPerQuestion != nil {
		variables[environ.MaxTokensPerQuestion] = strconv.Itoa(*s.MaxTokensPerQuestion)
	}
	for name, limit := range map[string]float64{environ.MaxPlanCost: s.MaxPlanCost, environ.MaxCostPerDay: s.MaxCostPerDay} {
		if limit > 0 {
			variables[name] = strconv.FormatFloat(limit, 'f', -1, 64)
		}
	}
	return variables, nil
}

// addTo adds the variables of the protocol.
func (m MCPSettings) addTo(variables map[string]string) {
	if !m.On {
		return
	}
	variables[environ.MCP] = "true"
	variables[environ.MCPMaxRows] = strconv.Itoa(m.MaxRows)
	if m.SQL {
		variables[environ.MCPSQL] = "true"
	}
	if len(m.Origins) > 0 {
		variables[environ.MCPOrigins] = strings.Join(m.Origins, ",")
	}
	if m.Issuer != "" {
		variables[environ.MCPIssuer] = m.Issuer
	}
}

// rowSecurityVariables returns the variables of row security, and none without it.
func (s QuerySettings) rowSecurityVariables() map[string]string {
	if !s.RowSecurity.Enabled() {
		return nil
	}
	variables := map[string]string{environ.RowSecurity: string(s.RowSecurity)}
	if len(s.RowSecurityClaims) > 0 {
		variables[environ.RowSecurityClaims] = strings.Join(s.RowSecurityClaims, rowsecurity.Separator)
	}
	if s.RowSecurity == rowsecurity.Role {
		variables[environ.RowSecurityRoleClaim] = s.RowSecurityRoleClaim
		variables[environ.RowSecurityRoles] = strings.Join(s.RowSecurityRoles, rowsecurity.Separator)
	}
	return variables
}
