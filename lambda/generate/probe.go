package generate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/aws/smithy-go"
)

// questioner is a generator with a question that it can answer for the caller of the
// context; "" for none.
type questioner interface {
	probe(ctx context.Context) (string, error)
}

// Probe asks the generator a simple question, and returns it with the answer.
func Probe(ctx context.Context, g Generator) (question string, answer Query, err error) {
	if p, ok := g.(questioner); ok {
		if question, err = p.probe(ctx); err != nil {
			return question, answer, err
		}
	}
	question = cmp.Or(question, "What is the current date?")
	answer, err = g.Generate(ctx, Question{Text: question, Options: DefaultOptions(), AllowClarification: new(false)})
	return question, answer, err
}

func (w *writer) probe(ctx context.Context) (string, error) {
	knowledge, err := w.source.Knowledge(ctx)
	if err != nil {
		return "", err
	}
	tables := knowledge.forCaller(ctx).Tables()
	if len(tables) == 0 {
		return "", nil
	}
	return fmt.Sprintf("How many rows does %s have?", tables[0]), nil
}

func (g *Golden) probe(ctx context.Context) (string, error) {
	pairs := g.forCaller(ctx).pairs
	if len(pairs) == 0 {
		return "", ctx.Err()
	}
	return pairs[0].Question, ctx.Err()
}

// Fault is what is wrong with a generator's server.
type Fault int

// The faults.
const (
	OtherFault Fault = iota
	NoHost           // the server's name does not exist
	NoAPI            // the address has no such API: 404, 410 or a web page
	KeyRefused       // the server refuses the key, the credentials or their rights
	NoModel          // the server has no such model
)

// errPage is the cause of an error for a reply that is a web page.
var errPage = errors.New("the reply is a web page")

// Codes of AWS and of OpenAI's API.
var codeFaults = map[string]Fault{
	"AccessDeniedException":       KeyRefused,
	"UnrecognizedClientException": KeyRefused,
	"InvalidSignatureException":   KeyRefused,
	"ExpiredTokenException":       KeyRefused,
	"ResourceNotFoundException":   NoModel,
	"model_not_found":             NoModel,
}

// FaultOf returns what is wrong with the server, as an error of its generator shows.
func FaultOf(err error) Fault {
	if name, ok := errors.AsType[*net.DNSError](err); ok && name.IsNotFound {
		return NoHost
	}
	if errors.Is(err, errPage) {
		return NoAPI
	}
	if service, ok := errors.AsType[smithy.APIError](err); ok {
		return codeFaults[service.ErrorCode()]
	}
	reply, ok := errors.AsType[*statusError](err)
	switch {
	case !ok:
		return OtherFault
	case codeFaults[reply.code] != OtherFault:
		return codeFaults[reply.code]
	case reply.page, reply.status == http.StatusNotFound, reply.status == http.StatusGone:
		return NoAPI
	case reply.status == http.StatusUnauthorized, reply.status == http.StatusForbidden:
		return KeyRefused
	}
	return OtherFault
}
