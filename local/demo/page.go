package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"defog-cdk/cmd/defog/client"
	"defog-cdk/cmd/defog/console"
	"defog-cdk/cmd/defog/session"
	"defog-cdk/internal/page/build"
	"defog-cdk/local/demo/shop"
)

// showPage starts a process that serves the page for the kept local AWS and ends
// with it. It returns the page's URL.
func (d *demo) showPage(ctx context.Context) (url string, err error) {
	var files string
	if err := d.Step("build the page", func(out io.Writer) error {
		files, err = build.Page(ctx, ".", out)
		return err
	}); err != nil {
		return "", err
	}
	program, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("serve the page: %w", err)
	}
	server := exec.CommandContext(context.WithoutCancel(ctx), program, "-serve-page", files)
	server.Env = d.AWS.Environ(os.Environ())
	d.AWS.Join(server)
	var failure strings.Builder
	server.Stderr = &failure
	stdout, err := server.StdoutPipe()
	if err != nil {
		return "", fmt.Errorf("serve the page: %w", err)
	}
	if err := server.Start(); err != nil {
		return "", fmt.Errorf("serve the page: %w", err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("serve the page: %w: %w: %s", err, server.Wait(), failure.String())
	}
	return strings.TrimSpace(line), nil
}

// servePage serves the page until the end of ctx. It writes the page's URL to out,
// and nothing afterwards: the demo that reads it ends.
func servePage(ctx context.Context, files string, out io.Writer) error {
	cfg, err := session.Load(ctx, "", "")
	if err != nil {
		return err
	}
	api, err := client.Find(ctx, cfg, stackName)
	if err != nil {
		return err
	}
	pairs, err := shop.Pairs()
	if err != nil {
		return err
	}
	options := console.Options{Files: os.DirFS(files), App: stackName, API: console.Deployed(cfg, api)}
	for _, pair := range pairs {
		options.Examples = append(options.Examples, pair.Question)
	}
	served, err := console.Listen(ctx, options)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, served.URL())
	return served.Serve(ctx)
}
