// Package kernel ends jsii's kernel, the Node process that runs the CDK.
package kernel

import (
	"errors"
	"io"
	"os"
	"regexp"

	"github.com/aws/jsii-runtime-go"
)

// doubleWait matches a message of jsii-runtime-go 1.139.0, which has no line
// break. That module waits twice for the kernel, and reports the failure of the
// second wait.
var doubleWait = regexp.MustCompile(`Runtime process exited abnormally: (wait(id|4|6)?: no child processes|exec: Wait was already called|os: process already (finished|released|done))`)

// Close ends the kernel as [jsii.Close] does, without that message. It returns the
// standard error, and replaces [os.Stderr] for the rest of the process: jsii
// can write the message after [jsii.Close] has returned.
func Close() (stderr *os.File, err error) {
	stderr = os.Stderr
	reader, writer, err := os.Pipe()
	if err != nil {
		jsii.Close()
		return stderr, err
	}
	os.Stderr = writer
	copied := make(chan error, 1)
	go func() { copied <- filter(stderr, reader) }()
	jsii.Close()
	return stderr, errors.Join(writer.Close(), <-copied, reader.Close())
}

// filter copies the text without the message.
func filter(to io.Writer, from io.Reader) error {
	text, err := io.ReadAll(from)
	_, failure := to.Write(doubleWait.ReplaceAll(text, nil))
	return errors.Join(err, failure)
}
