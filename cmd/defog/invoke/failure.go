package invoke

import (
	"context"
	"encoding/json"
	"time"

	"defog-cdk/cmd/defog/client"
	"defog-cdk/cmd/defog/logs"
)

// lateness is how much earlier than this machine's the clock of the log may be.
const lateness = 5 * time.Minute

// failures finds the failure of an event through S3, which has no answer. PODPAC's
// example logs it.
type failures struct {
	log     *logs.Group // nil without a log group in the stack's outputs
	id, key string      // the id is part of the object's key, and of no other
	since   time.Time
}

func (e Evaluation) failuresOf(id, key string) failures {
	f := failures{id: id, key: key, since: time.Now().Add(-lateness)}
	if name := e.stack.Output(client.LogGroupOutput); name != "" {
		group := logs.NewGroup(e.cfg, name)
		f.log = &group
	}
	return f
}

// find returns the last failure in the log, or nothing. Without a log, or without the
// right to read it, the caller waits for the result alone.
func (f failures) find(ctx context.Context) string {
	if f.log == nil {
		return ""
	}
	messages, err := f.log.Containing(ctx, f.id, f.since)
	if err != nil {
		return ""
	}
	failure := ""
	for _, message := range messages {
		var line struct {
			Objects []struct{ Key, Error, Message string }
		}
		if json.Unmarshal([]byte(message), &line) != nil {
			continue // another line
		}
		for _, object := range line.Objects {
			if object.Key == f.key && object.Error != "" {
				failure = object.Error + ": " + object.Message
			}
		}
	}
	return failure
}
