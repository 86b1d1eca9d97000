package evaluate

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"defog-cdk/lambda/generate"
	"defog-cdk/lambda/spending"
)

// Reply is what a model replies to a question, or to a failed statement.
type Reply struct {
	SQL     string         `json:"sql,omitempty"`
	Kind    string         `json:"kind,omitempty"` // of a failure
	Message string         `json:"message,omitempty"`
	Usage   generate.Usage `json:"usage"`
	Seconds float64        `json:"seconds"`
}

// Model is an SQL generator, or its recorded replies. It serves many goroutines.
type Model interface {
	// Reply replies to a question, or to the failed statement of one.
	Reply(ctx context.Context, question generate.Question, failed *generate.Failure) (Reply, error)
}

// Live is the Model of a generator.
type Live struct{ generate.Generator }

// Reply implements Model.
func (l Live) Reply(ctx context.Context, question generate.Question, failed *generate.Failure) (Reply, error) {
	metered, meter := generate.WithMeter(ctx)
	start := time.Now()
	var reply Reply
	var query generate.Query
	var err error
	if failed == nil {
		query, err = l.Generate(metered, question)
	} else {
		query, err = l.Retry(metered, question, *failed)
	}
	reply.SQL = query.SQL
	reply.Seconds, reply.Usage = time.Since(start).Seconds(), meter.Usage()
	known, ok := errors.AsType[*generate.Error](err)
	limit, isLimited := errors.AsType[*spending.Refusal](err)
	switch {
	case ctx.Err() != nil:
		return reply, ctx.Err()
	case isLimited:
		reply.Kind, reply.Message = TokenLimit, limit.Message
	case err != nil && !ok:
		return reply, fmt.Errorf("ask the generator: %w", err)
	case ok && known.Kind == generate.Refused:
		reply.Kind, reply.Message = Refused, known.Message
	case ok && known.Kind == generate.Timeout:
		reply.Kind, reply.Message = Slow, known.Message
	case ok:
		reply.Kind, reply.Message = Unreachable, known.Message
	case query.Clarification != nil:
		reply.Kind, reply.Message = Ambiguous, query.Clarification.Question
	}
	return reply, nil
}

// recorded is a line of a recording.
type recorded struct {
	Key      string `json:"key"`
	Question string `json:"question"`
	Reply
}

// keyOf identifies a request to a model: the question with what it brings, and the
// failed statement.
func keyOf(question generate.Question, failed *generate.Failure) string {
	text, err := json.Marshal(struct {
		Question generate.Question
		Failed   *generate.Failure
	}{question, failed})
	if err != nil {
		panic(err) // texts and numbers always have a JSON form
	}
	hash := sha256.Sum256(text)
	return hex.EncodeToString(hash[:16])
}

// Recorder writes the replies of another Model.
type Recorder struct {
	Model
	mu  sync.Mutex
	out io.Writer
}

// NewRecorder returns a Recorder that writes to out.
func NewRecorder(model Model, out io.Writer) *Recorder { return &Recorder{Model: model, out: out} }

// Reply implements Model.
func (r *Recorder) Reply(ctx context.Context, question generate.Question, failed *generate.Failure) (Reply, error) {
	reply, err := r.Model.Reply(ctx, question, failed)
	if err != nil {
		return reply, err
	}
	line, err := encode(recorded{keyOf(question, failed), question.Text, reply})
	if err != nil {
		return reply, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := r.out.Write(line); err != nil {
		return reply, fmt.Errorf("record a reply: %w", err)
	}
	return reply, nil
}

// Recording is a Model with recorded replies.
type Recording map[string]Reply

// OpenRecording reads the replies that a Recorder wrote.
func OpenRecording(path string) (Recording, error) {
	r := Recording{}
	err := eachLine(path, func(line []byte) error {
		var one recorded
		err := json.Unmarshal(line, &one)
		r[one.Key] = one.Reply
		return err
	})
	return r, err
}

// Reply implements Model.
func (r Recording) Reply(_ context.Context, question generate.Question, failed *generate.Failure) (Reply, error) {
	reply, ok := r[keyOf(question, failed)]
	if !ok {
		return reply, fmt.Errorf("the recording has no reply to %q; want a recording of these questions, golden pairs and retries (--record)", question.Text)
	}
	return reply, nil
}

// eachLine calls f with each line of a file, except a last one that is incomplete
// after an interruption.
func eachLine(path string, f func([]byte) error) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	reader := bufio.NewReader(bytes.NewReader(data))
	for number := 1; ; number++ {
		line, err := reader.ReadBytes('\n')
		if err != nil {
			return nil //nolint:nilerr // the end
		}
		if err := f(line); err != nil {
			return fmt.Errorf("%s: line %d: %w", path, number, err)
		}
	}
}

// encode returns JSON on one line.
func encode(value any) ([]byte, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return append(text, '\n'), nil
}
