package main

import (
	"context"
	"errors"
	"io"
	"sync"
)

var errInterrupted = errors.New("interrupted")

// newInput returns a reader of the input that fails when the context ends. A read
// of a terminal or a pipe can otherwise wait for ever. It takes nothing of the input
// before its first read.
func newInput(ctx context.Context, input io.Reader) io.Reader {
	reader, writer := io.Pipe()
	context.AfterFunc(ctx, func() { writer.CloseWithError(errInterrupted) })
	return &inputReader{PipeReader: reader, start: sync.OnceFunc(func() {
		go func() {
			_, err := io.Copy(writer, input)
			writer.CloseWithError(err)
		}()
	})}
}

type inputReader struct {
	*io.PipeReader
	start func()
}

func (r *inputReader) Read(p []byte) (int, error) {
	r.start()
	return r.PipeReader.Read(p)
}
