package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"runtime"

	"github.com/spf13/cobra"

	"defog-cdk/cmd/defog/client"
	"defog-cdk/cmd/defog/console"
	"defog-cdk/cmd/defog/session"
	"defog-cdk/config"
	"defog-cdk/internal/knowledge"
	"defog-cdk/internal/localaws"
	"defog-cdk/internal/page/build"
)

// consoleCommand holds the flags of console.
type consoleCommand struct {
	*deployment
	url, auth, function string
	port                int
	noOpen              bool

	stdout, stderr io.Writer
}

func newConsole(d *deployment) *cobra.Command {
	c := consoleCommand{deployment: d}
	command := &cobra.Command{
		Use:   "console",
		Short: "Ask a deployed query function questions in a browser",
		Long: `Console serves a page on this machine and opens it in the browser. The page shows
answers as tables and charts, with their SQL.

It forwards the page's questions to the API of the deployed stack,
‹app_name›-‹stage›. If the API requires that, it signs them with your AWS
credentials, or sends the token in DEFOG_TOKEN. Only this page can send requests:
keep its URL to yourself.

The first start builds the page, which needs npm. Ctrl-C ends the console.`,
		Example: `  defog console -c app_name=defog
  defog console -c app_name=defog -c stage=prod --no-open --port 8090`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c.stdout, c.stderr = cmd.OutOrStdout(), cmd.ErrOrStderr()
			return c.run(cmd.Context())
		},
	}
	flags := command.Flags()
	addAPIFlags(flags, &c.url, &c.auth)
	flags.StringVar(&c.function, "function", "", functionUsage)
	flags.IntVar(&c.port, "port", 0, "the port on 127.0.0.1 (default: a free one)")
	flags.BoolVar(&c.noOpen, "no-open", false, "do not open the browser")
	return command
}

func (c *consoleCommand) run(ctx context.Context) error {
	cfg, err := c.session(ctx)
	if err != nil {
		return err
	}
	api, err := c.target(ctx, cfg, c.url, c.auth, c.function)
	if err != nil {
		return err
	}
	switch {
	case api.Auth == "iam", c.function != "":
		if err := session.Check(ctx, cfg); err != nil {
			return err
		}
	case api.Auth == "jwt" && api.Token == "":
		return client.ErrNoToken
	}
	folder, err := build.Page(ctx, ".", c.stderr)
	if err != nil {
		return err
	}
	options := console.Options{Files: os.DirFS(folder), Port: c.port, Async: api.IsLong, Feedback: api.HasFeedback, API: console.Deployed(cfg, api), Revoked: c.warn}
	if err := c.describe(&options); err != nil {
		return err
	}
	return c.serve(ctx, options, api)
}

func (c *consoleCommand) serve(ctx context.Context, options console.Options, api client.API) error {
	served, err := console.Listen(ctx, options)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "%s\n\nThe page asks %s, %s. Ctrl-C ends it.\n", served.URL(), destination(api, os.Getenv("AWS_ENDPOINT_URL")), authorization(api))
	if !c.noOpen {
		if err := openBrowser(ctx, served.OneTimeURL()); err != nil {
			fmt.Fprintf(c.stderr, "The browser did not open: %v. Open the URL above in it.\n", err)
		}
	}
	return served.Serve(ctx)
}

// warn prints the page's new URL.
func (c *consoleCommand) warn(address string) {
	fmt.Fprintf(c.stderr, "Another program has opened the page, too: the URLs above are invalid. The page is now at\n\n%s\n", address)
}

// describe sets what the page shows of the deployment: its name, and as examples the
// golden questions among the dependencies of the settings.
func (c *consoleCommand) describe(options *console.Options) error {
	if c.function != "" {
		options.App = c.function
		return nil
	}
	if c.url != "" {
		u, err := url.Parse(c.url)
		if err != nil {
			return fmt.Errorf("--url: %w", err)
		}
		options.App = u.Host
		return nil
	}
	settings, err := c.settings()
	if err != nil {
		return err
	}
	options.App = settings.StackName()
	options.Examples, err = goldenQuestions(settings)
	if err != nil {
		fmt.Fprintf(c.stderr, "The page shows no examples: %v\n", err)
	}
	return nil
}

func goldenQuestions(settings config.Settings) ([]string, error) {
	if settings.Dependencies == "" {
		return nil, nil
	}
	folder, err := os.MkdirTemp("", "defog-console-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the dependencies: %w", err)
	}
	defer os.RemoveAll(folder)
	if err := gather(folder, defaultDependencies, settings.Dependencies); err != nil {
		return nil, err
	}
	files, err := knowledge.Read(settings.Generator, knowledge.Folder(folder))
	return files.Questions(), err
}

// destination describes what the page asks. The URL of an API of local AWS is as on
// AWS.
func destination(api client.API, endpoint string) string {
	if localaws.IsEndpoint(endpoint) && api.AtEndpoint() {
		return fmt.Sprintf("local AWS at %s (%s)", endpoint, api.URL)
	}
	return api.URL
}

// authorization describes the authorization of the page's questions.
func authorization(api client.API) string {
	switch api.Auth {
	case "iam":
		return "signed with your AWS credentials for " + api.Region
	case "jwt":
		return "with the token in " + client.TokenVariable
	case "none":
		return "without authorization"
	}
	return "invoked with your AWS credentials in " + api.Region
}

// openBrowser opens a URL in the user's browser.
func openBrowser(ctx context.Context, address string) error {
	name, arguments := "xdg-open", []string{address}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, arguments = "rundll32", []string{"url.dll,FileProtocolHandler", address}
	}
	opener := exec.CommandContext(context.WithoutCancel(ctx), name, arguments...)
	if err := opener.Start(); err != nil {
		return err
	}
	go func() { _ = opener.Wait() }() // the page's URL is printed, too
	return nil
}
