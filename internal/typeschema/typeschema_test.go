package typeschema

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

type part struct {
	Part string `json:"part,omitempty"`
}

type whole struct {
	part
	Name    string            `json:"name"`
	Count   *int              `json:"count,omitempty"`
	Any     json.RawMessage   `json:"any"`
	Words   []string          `json:"words,omitempty"`
	Labels  map[string]string `json:"labels,omitempty"`
	At      time.Time         `json:"at,omitzero"`
	Ratio   float64           `json:"ratio,omitempty"`
	Private bool              `json:"-"`
}

func TestTypesHaveTheirSchema(t *testing.T) {
	got, err := Options{Closed: true, Describe: strings.ToUpper}.Of(reflect.TypeFor[whole]())
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"additionalProperties":false,"properties":{"any":{"description":"ANY"},"at":{"description":"AT","format":"date-time","type":"string"},` +
		`"count":{"description":"COUNT","type":"integer"},"labels":{"additionalProperties":{"type":"string"},"description":"LABELS","type":"object"},` +
		`"name":{"description":"NAME","type":"string"},"part":{"description":"PART","type":"string"},"ratio":{"description":"RATIO","type":"number"},` +
		`"words":{"description":"WORDS","items":{"type":"string"},"type":"array"}},"required":["name","any"],"type":"object"}`
	if string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

func TestTypesWithoutSchemaAreRejected(t *testing.T) {
	type unknown struct {
		Channel chan int `json:"channel"`
	}
	if _, err := (Options{}).Of(reflect.TypeFor[unknown]()); err == nil || !strings.Contains(err.Error(), "unknown.Channel: chan int: no JSON Schema for a chan") {
		t.Errorf("got %v", err)
	}
}
