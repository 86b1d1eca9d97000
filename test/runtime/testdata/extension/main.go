// Program extension is a Lambda extension that does nothing until the shutdown. With
// arguments it is an internal extension: it registers, and then becomes the function's
// program, which is its arguments. Without, Lambda starts it from /opt/extensions, and it
// writes the reason of the shutdown to its output.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// identified is the variable with the identifier of a registered internal extension.
const identified = "TEST_EXTENSION_IDENTIFIER"

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	if id := os.Getenv(identified); id != "" {
		return wait(id)
	}
	if len(os.Args) == 1 {
		id, err := register(filepath.Base(os.Args[0]), "INVOKE", "SHUTDOWN")
		if err != nil {
			return err
		}
		return wait(id)
	}
	id, err := register("internal", "INVOKE")
	if err != nil {
		return err
	}
	waiting := exec.Command(os.Args[0])
	waiting.Env = append(os.Environ(), identified+"="+id)
	waiting.Stdout, waiting.Stderr = os.Stdout, os.Stderr
	if err := waiting.Start(); err != nil {
		return err
	}
	return syscall.Exec(os.Args[1], os.Args[1:], os.Environ())
}

func url(path string) string {
	return "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2020-01-01/extension/" + path
}

func register(name string, events ...string) (id string, err error) {
	body, err := json.Marshal(map[string]any{"events": events})
	if err != nil {
		return "", err
	}
	request, err := http.NewRequest(http.MethodPost, url("register"), bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("Lambda-Extension-Name", name)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("register: status %s", response.Status)
	}
	return response.Header.Get("Lambda-Extension-Identifier"), nil
}

// wait takes events until the shutdown.
func wait(id string) error {
	for {
		request, err := http.NewRequest(http.MethodGet, url("event/next"), nil)
		if err != nil {
			return err
		}
		request.Header.Set("Lambda-Extension-Identifier", id)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		var event struct{ EventType, ShutdownReason string }
		err = json.NewDecoder(response.Body).Decode(&event)
		response.Body.Close()
		if err != nil {
			return err
		}
		if event.EventType == "SHUTDOWN" {
			fmt.Println("extension: shutdown for", event.ShutdownReason)
			return nil
		}
	}
}
