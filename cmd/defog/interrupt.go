package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// interrupts are the signals that end a command.
var interrupts = []os.Signal{os.Interrupt, syscall.SIGTERM}

// outlast returns a context that outlasts ctx until the next interrupt, or for a limited
// time. It calls interrupted when ctx ends. stop ends all of that.
func outlast(ctx context.Context, limit time.Duration, interrupted func()) (lasting context.Context, stop func()) {
	lasting, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	release := context.AfterFunc(ctx, func() {
		defer close(ended)
		next, stopSignals := signal.NotifyContext(lasting, interrupts...)
		defer stopSignals()
		next, stopTimer := context.WithTimeout(next, limit)
		defer stopTimer()
		interrupted()
		<-next.Done()
		cancel()
	})
	return lasting, func() {
		cancel()
		if !release() {
			<-ended
		}
	}
}
