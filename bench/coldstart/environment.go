package main

import (
	"context"
	"fmt"
	"time"

	"defog-cdk/internal/testserver/emulator"
	"defog-cdk/internal/testserver/runtimeapi"
)

// environment is a function that has been started, or that its first event starts.
type environment interface {
	Invoke(payload []byte) ([]byte, error)
	PeakMemory() (int64, error)
	Stop() (log string)
}

// starter returns an environment, and when the start of its function began.
type starter func() (environment, time.Time, error)

// onStandIn starts functions under the stand-in for the runtime API.
func onStandIn(config runtimeapi.Config) starter {
	return func() (environment, time.Time, error) {
		began := time.Now()
		f, err := runtimeapi.Start(config)
		return f, began, err
	}
}

// onEmulator starts functions under AWS's emulator. The emulator runs before, as Lambda
// does.
func onEmulator(program string, config runtimeapi.Config) starter {
	return func() (environment, time.Time, error) {
		f, err := emulator.Start(emulator.Config{Program: program, Command: config.Command, Environment: config.Environment})
		return emulated{f}, time.Now(), err
	}
}

// emulated is a function under AWS's emulator.
type emulated struct{ *emulator.Function }

func (e emulated) Invoke(payload []byte) ([]byte, error) {
	answer, err := e.Function.Invoke(context.Background(), payload)
	if err == nil && answer.Status != 200 {
		err = fmt.Errorf("the function failed with status %d: %s", answer.Status, answer.Body)
	}
	return []byte(answer.Body), err
}

func (e emulated) PeakMemory() (int64, error) {
	process, err := e.Process()
	if err != nil {
		return 0, err
	}
	return runtimeapi.PeakMemoryOf(process)
}

func (e emulated) Stop() string {
	log := e.Log()
	if err := e.Close(); err != nil {
		log += err.Error()
	}
	return log
}
