// Program size measures the zip of the query function, by database and architecture.
//
//	go run ./bench/size [-databases postgres,sqlite]
package main

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"strings"

	"defog-cdk/bench/table"
	"defog-cdk/stacks/artifact"
)

func main() {
	log.SetFlags(0)
	databases := flag.String("databases", "postgres,mysql,sqlite,sqlserver,snowflake,bigquery,databricks", "values of db_type, with commas")
	flag.Parse()
	if err := measure(context.Background(), strings.Split(*databases, ",")); err != nil {
		log.Fatal(err)
	}
}

func measure(ctx context.Context, databases []string) error {
	rows := table.New("MB, zipped", "arm64", "x86_64")
	for _, database := range databases {
		cells := []string{database}
		for _, architecture := range []string{"arm64", "x86_64"} {
			log.Printf("compiling the function for %s on %s", database, architecture)
			size, err := zipped(ctx, architecture, database)
			if err != nil {
				return err
			}
			cells = append(cells, fmt.Sprintf("%.1f", float64(size)/1e6))
		}
		rows.Row(cells...)
	}
	return rows.Write(os.Stdout)
}

// zipped returns the size of the function's zip in bytes, as the app compiles it.
func zipped(ctx context.Context, architecture, database string) (size int, err error) {
	program := artifact.CompileQuery(ctx, architecture, database)
	defer func() { err = errors.Join(err, program.Remove()) }()
	directory, err := program.Directory()
	if err != nil {
		return 0, err
	}
	var content bytes.Buffer
	archive := zip.NewWriter(&content)
	if err := errors.Join(archive.AddFS(os.DirFS(directory)), archive.Close()); err != nil {
		return 0, fmt.Errorf("zip the function: %w", err)
	}
	return content.Len(), nil
}
