// Program model evaluates a real, small language model on this machine: SmolLM2
// with 135 million parameters. It shows that a model behind an OpenAI-compatible API
// works from prompt to report. Larger models are far more accurate.
//
//	make small-model
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"defog-cdk/config/connection"
	"defog-cdk/internal/testserver/postgres"
)

// testdata holds the questions and the database of evaluate's tests.
const testdata = "cmd/defog/evaluate/testdata"

func main() {
	log.SetFlags(0)
	model := flag.String("model", "", "the model as a GGUF `file`")
	server := flag.String("server", "", "the `folder` with server.mjs and its packages")
	flag.Parse()
	if err := run(context.Background(), *model, *server); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, model, folder string) (err error) {
	database, err := postgres.Run()
	if err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	defer func() { err = errors.Join(err, database.Close()) }()
	work, err := os.MkdirTemp("", "model-")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	if err := prepare(ctx, work, database); err != nil {
		return err
	}
	url, stop, err := serve(ctx, model, folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	evaluate := exec.CommandContext(ctx, "go", "run", "./cmd/defog", "evaluate", filepath.Join(work, "questions.json"), "--concurrency", "1",
		"-c", "connection_file="+filepath.Join(work, "connection.json"), "-c", "generator=openai", "-c", "generator_model=smollm2-135m",
		"-c", "generator_base_url="+url, "-c", "generator_timeout=120", "-c", "async_questions=true", "-c", "retries=0")
	evaluate.Stdout, evaluate.Stderr = os.Stdout, os.Stderr
	return evaluate.Run()
}

// prepare creates the tables, and writes the set and the connection.
func prepare(ctx context.Context, work string, database *postgres.Server) error {
	schema, err := os.ReadFile(filepath.Join(testdata, "shop.sql"))
	if err != nil {
		return fmt.Errorf("read the tables: %w", err)
	}
	conn, err := pgconn.Connect(ctx, database.URL())
	if err != nil {
		return fmt.Errorf("create the tables: %w", err)
	}
	if err := errors.Join(conn.Exec(ctx, string(schema)).Close(), conn.Close(ctx)); err != nil {
		return fmt.Errorf("create the tables: %w", err)
	}
	data, err := os.ReadFile(filepath.Join(testdata, "shop.json"))
	if err != nil {
		return fmt.Errorf("read the questions: %w", err)
	}
	var set []struct {
		Question string `json:"question"`
		Category string `json:"category"`
		SQL      string `json:"sql"`
	}
	if err := json.Unmarshal(data, &set); err != nil {
		return fmt.Errorf("read the questions: %w", err)
	}
	for name, content := range map[string]any{
		"questions.json":  set,
		"connection.json": connection.Connection{DBType: "postgres", DBCreds: database.Creds()},
	} {
		text, err := json.Marshal(content)
		if err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(work, name), text, 0o600); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return nil
}

// serve starts the model's server and returns its URL.
func serve(ctx context.Context, model, folder string) (url string, stop func() error, err error) {
	command := exec.CommandContext(ctx, "node", filepath.Join(folder, "server.mjs"), model)
	command.Stderr = os.Stderr
	input, err := command.StdinPipe()
	if err != nil {
		return "", nil, fmt.Errorf("start the model: %w", err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		return "", nil, fmt.Errorf("start the model: %w", err)
	}
	if err := command.Start(); err != nil {
		return "", nil, fmt.Errorf("start the model: %w", err)
	}
	stop = func() error { return errors.Join(input.Close(), command.Wait()) }
	line, err := bufio.NewReader(output).ReadString('\n')
	if errors.Is(err, io.EOF) {
		err = errors.New("the server printed no address")
	}
	if err != nil {
		return "", nil, errors.Join(fmt.Errorf("start the model: %w", err), stop())
	}
	return strings.TrimSpace(line), stop, nil
}
