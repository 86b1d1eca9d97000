package ask

import (
	"context"
	"runtime/debug"

	"defog-cdk/lambda/database"
)

// connecting is a database that prepares its connection while the generator runs.
type connecting struct {
	cancel context.CancelFunc
	done   chan struct{} // closed at the end
	err    error         // once done
}

// connect prepares the connection of a database in the background. Until the end, nothing
// else may use the database.
func connect(ctx context.Context, db database.Database) *connecting {
	ctx, cancel := context.WithCancel(ctx)
	c := &connecting{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(c.done)
		defer func() {
			if p := recover(); p != nil {
				c.err = panicked(p, debug.Stack())
			}
		}()
		c.err = database.Connect(ctx, db)
	}()
	return c
}

// wait returns the error of the connection.
func (c *connecting) wait() error {
	<-c.done
	return c.err
}

// stop ends what is not needed.
func (c *connecting) stop() {
	c.cancel()
	<-c.done
}
