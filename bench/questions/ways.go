package main

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"

	"defog-cdk/bench/seed"
	"defog-cdk/config/connection"
	"defog-cdk/internal/environ"
	"defog-cdk/internal/testserver/generator"
	"defog-cdk/internal/testserver/postgres"
	"defog-cdk/internal/testserver/runtimeapi"
)

// functions are running functions, one a database.
type functions struct {
	generator *httptest.Server
	running   map[string]*runtimeapi.Function
}

func newFunctions(ctx context.Context, folder string, server *postgres.Server, questions []question) (_ *functions, err error) {
	program := filepath.Join(folder, "bootstrap")
	if err := runtimeapi.Build(ctx, program, "postgres"); err != nil {
		return nil, err
	}
	stand := &generator.Server{SQL: map[string]string{}}
	for _, q := range questions {
		stand.Teach(q.text, q.sql)
	}
	f := &functions{httptest.NewServer(stand), map[string]*runtimeapi.Function{}}
	defer func() {
		if err != nil {
			f.stop()
		}
	}()
	for _, database := range databases(questions) {
		creds := server.ReaderCreds()
		creds["database"] = database
		credentials, err := connection.Connection{APIKey: "key", DBType: "postgres", DBCreds: creds, BaseURL: f.generator.URL}.Encode()
		if err != nil {
			return nil, err
		}
		if f.running[database], err = runtimeapi.Start(runtimeapi.Config{
			Command:     []string{program},
			Environment: map[string]string{environ.Credentials: credentials, "TMPDIR": folder},
		}); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (f *functions) ask(q question) (answer, error) {
	event, err := json.Marshal(map[string]any{"question": q.text})
	if err != nil {
		return answer{}, err
	}
	text, err := f.running[q.database].Invoke(event)
	if err != nil {
		return answer{}, err
	}
	return decode(text)
}

func (f *functions) stop() {
	for _, running := range f.running {
		running.Stop()
	}
	f.generator.Close()
}

//go:embed rows.py
var script string

// oldApp runs statements as Defog's app did.
type oldApp struct {
	process   *exec.Cmd
	questions *json.Encoder
	answers   *bufio.Reader
	stop      func()
}

func startOld(ctx context.Context, python seed.Python, server *postgres.Server) (*oldApp, error) {
	process := exec.CommandContext(ctx, python.Interpreter, "-c", script, server.URL())
	process.Env = append(os.Environ(), "PYTHONPATH="+python.Code)
	process.Stderr = os.Stderr
	in, err := process.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start the old app: %w", err)
	}
	out, err := process.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start the old app: %w", err)
	}
	if err := process.Start(); err != nil {
		return nil, fmt.Errorf("start the old app: %w", err)
	}
	stop := func() {
		_ = in.Close()     // which ends it
		_ = process.Wait() // its exit code has no meaning
	}
	return &oldApp{process, json.NewEncoder(in), bufio.NewReader(out), stop}, nil
}

func (o *oldApp) run(q question) (answer, error) {
	if err := o.questions.Encode([]string{q.database, q.sql}); err != nil {
		return answer{}, err
	}
	line, err := o.answers.ReadBytes('\n')
	if err != nil {
		return answer{}, errors.Join(errors.New("it ended"), err)
	}
	return decode(line)
}
