package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"defog-cdk/config"
	"defog-cdk/config/connection"
	"defog-cdk/internal/knowledge"
	"defog-cdk/lambda/catalog"
	"defog-cdk/lambda/database"
	"defog-cdk/lambda/generate"
)

// newGenerator returns the SQL generator of the settings, on this machine. folder
// holds the dependencies. seed is that of a model that has one, or nil.
func (d *deployment) newGenerator(ctx context.Context, settings config.Settings, conn connection.Connection, folder string, seed *int) (generate.Generator, error) {
	options := generate.Config{
		Type: settings.Generator, Connection: conn, Directory: folder, Model: settings.GeneratorModel, Region: settings.GeneratorRegion,
		BaseURL: settings.GeneratorBaseURL, Timeout: time.Duration(settings.GeneratorTimeout) * time.Second, Log: slog.New(slog.DiscardHandler), Seed: seed,
		Form: generate.Form{Assumptions: settings.Assumptions, Clarification: settings.Clarification}, GoldenFirst: settings.GoldenFirst,
		Source: func() (generate.Source, error) { return d.readKnowledge(ctx, conn, folder) },
	}
	if settings.Generator == generate.TypeBedrock {
		cfg, err := d.session(ctx)
		if err != nil {
			return nil, err
		}
		options.Region, options.Credentials = cmp.Or(settings.GeneratorRegion, cfg.Region), cfg.Credentials
		if endpoint := cmp.Or(os.Getenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME"), os.Getenv("AWS_ENDPOINT_URL")); endpoint != "" {
			options.Endpoint = aws.String(endpoint)
		}
	}
	return generate.Open(options)
}

// readKnowledge returns what a model reads: the files in the folder, and without
// schema.json the database's catalogue.
func (d *deployment) readKnowledge(ctx context.Context, conn connection.Connection, folder string) (_ *generate.Knowledge, err error) {
	texts, err := generate.OpenKnowledge(folder)
	switch {
	case err != nil:
		return nil, err
	case texts.HasSchema():
		return texts, nil
	case len(conn.DBCreds) == 0:
		return nil, knowledge.ErrNoSchema
	}
	db, err := drivers().Open(conn, database.Options{Directory: folder, Token: d.databaseToken})
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	found, err := catalog.Read(ctx, db, conn.DBType, catalog.Options{Dataset: conn.DBCreds.Text("dataset"), Unprobed: true})
	if err != nil {
		return nil, &generate.SchemaError{Cause: err}
	}
	return texts.WithSchema(found), nil
}
