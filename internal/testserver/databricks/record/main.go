// Record sends statements to a Spark Thrift server, one per line of its standard
// input, and prints the answers, which package databricks replays.
//
//	go run ./internal/testserver/databricks/record http://127.0.0.1:10001/cliservice < statements.sql > recorded.json
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"defog-cdk/internal/testserver/databricks"
	"defog-cdk/lambda/database/databricks/hive"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: record URL < statements.sql > recorded.json")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run records everything in one session.
func run(url string) error {
	s := server{url: url}
	opened, err := s.call("OpenSession", hive.Struct{1: int32(7)})
	if err != nil {
		return err
	}
	s.session = opened.Struct(3)
	if _, err := s.ask("SET TIME ZONE 'UTC'"); err != nil {
		return err
	}
	recorded := map[string]databricks.Recorded{}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		sql := lines.Text()
		if sql == "" || strings.HasPrefix(sql, "--") {
			continue
		}
		described, err := s.ask("DESCRIBE QUERY " + sql)
		if err != nil {
			return err
		}
		record := databricks.Recorded{Description: described}
		if described.Failure == nil {
			if record.Result, err = s.ask(sql); err != nil {
				return err
			}
		}
		recorded[sql] = record
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", " ")
	out.SetEscapeHTML(false)
	return errors.Join(lines.Err(), out.Encode(recorded))
}

type server struct {
	url     string
	session hive.Struct
}

// ask runs a statement and returns its rows or its failure.
func (s *server) ask(sql string) (databricks.Outcome, error) {
	started, err := s.call("ExecuteStatement", hive.Struct{1: s.session, 2: sql, 4: true})
	if err != nil {
		return databricks.Outcome{}, err
	}
	operation := started.Struct(2)
	if status := started.Struct(1); operation == nil {
		return databricks.Failed(status.Text(3), status.Text(5)), nil
	}
	for {
		status, err := s.call("GetOperationStatus", hive.Struct{1: operation})
		if err != nil {
			return databricks.Outcome{}, err
		}
		switch status.Int(2) {
		case 2:
			reply, err := s.call("FetchResults", hive.Struct{1: operation, 2: int32(0), 3: int64(100)})
			if err != nil {
				return databricks.Outcome{}, err
			}
			if status := reply.Struct(1); status.Int(1) > 1 {
				return databricks.Failed(status.Text(3), status.Text(5)), nil
			}
			return databricks.Fetched(reply.Struct(3))
		case 0, 1, 7:
			time.Sleep(10 * time.Millisecond)
		default:
			return databricks.Failed(status.Text(3), status.Text(5)), nil
		}
	}
}

func (s *server) call(method string, request hive.Struct) (hive.Struct, error) {
	message, err := hive.Encode(method, hive.Call, hive.Struct{1: request})
	if err != nil {
		return nil, err
	}
	post, err := http.NewRequestWithContext(context.Background(), http.MethodPost, s.url, bytes.NewReader(message))
	if err != nil {
		return nil, err
	}
	post.Header.Set("Content-Type", "application/x-thrift")
	post.SetBasicAuth("defog", "x") // a server without authentication accepts any user
	response, err := http.DefaultClient.Do(post)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: HTTP status %s", method, response.Status)
	}
	_, _, content, err := hive.Decode(text)
	return content.Struct(0), err
}
