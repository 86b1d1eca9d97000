// Package agents prints how clients of the Model Context Protocol start defog mcp.
package agents

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"

	"defog-cdk/internal/localaws"
)

// start is how a client starts the program, in the clients' form.
type start struct {
	Type    string            `json:"type,omitempty"`
	Command string            `json:"command"`
	Args    []string          `json:"args"`
	Env     map[string]string `json:"env,omitempty"`
}

// PrintConfig prints the configuration of common clients. name distinguishes this
// server from others of a client. It holds no credentials of an account of AWS.
func PrintConfig(w io.Writer, name string, flags []string) error {
	server, err := command(flags)
	if err != nil {
		return err
	}
	typed := server
	typed.Type = "stdio"
	for _, client := range []struct {
		files string
		value any
	}{
		{"Claude Desktop: claude_desktop_config.json; Claude Code: .mcp.json; Cursor: .cursor/mcp.json", map[string]any{"mcpServers": map[string]start{name: server}}},
		{"VS Code: .vscode/mcp.json", map[string]any{"servers": map[string]start{name: typed}}},
	} {
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(client.value); err != nil {
			return fmt.Errorf("encode the configuration: %w", err)
		}
		if _, err := fmt.Fprintf(w, "%s\n\n%s\n", client.files, text.String()); err != nil {
			return err
		}
	}
	return nil
}

// environment returns the variables that select the AWS account. It returns
// the keys of local AWS, which are public, and those of no other account.
func environment() (map[string]string, error) {
	variables := map[string]string{}
	endpoint := os.Getenv("AWS_ENDPOINT_URL")
	names := []string{"AWS_PROFILE", "AWS_REGION", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CA_BUNDLE", "AWS_ENDPOINT_URL"}
	if endpoint != "" {
		if u, err := url.Parse(endpoint); err != nil || u.User != nil || u.RawQuery != "" {
			return nil, errors.New("AWS_ENDPOINT_URL: is invalid, or has a password or a query, which is not printed; want a URL such as http://127.0.0.1:4566")
		}
	}
	const localKey = "test" // the key's id and the secret key of local AWS
	if localaws.IsEndpoint(endpoint) && os.Getenv("AWS_ACCESS_KEY_ID") == localKey && os.Getenv("AWS_SECRET_ACCESS_KEY") == localKey {
		names = append(names, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
	}
	for _, name := range names {
		if value := os.Getenv(name); value != "" {
			variables[name] = value
		}
	}
	return variables, nil
}

// command returns how to start defog mcp from any folder: by go run in a checkout,
// otherwise this program. Desktop clients have another PATH than a terminal.
func command(flags []string) (start, error) {
	var s start
	var err error
	if s.Env, err = environment(); err != nil {
		return s, err
	}
	folder, err := os.Getwd()
	if err != nil {
		return s, fmt.Errorf("find the current folder: %w", err)
	}
	if _, err := os.Stat(filepath.Join(folder, "cmd", "defog", "main.go")); err == nil {
		compiler, err := exec.LookPath("go")
		if err != nil {
			return s, fmt.Errorf("find the go command: %w", err)
		}
		s.Command, s.Args = compiler, append([]string{"-C", folder, "run", "./cmd/defog", "mcp"}, flags...)
		return s, nil
	}
	if s.Command, err = os.Executable(); err != nil {
		return s, fmt.Errorf("find this program: %w", err)
	}
	s.Args = append([]string{"mcp"}, flags...)
	return s, nil
}
