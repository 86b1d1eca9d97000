package databricks

import (
	"fmt"
	"strings"

	"defog-cdk/lambda/database/databricks/hive"
)

// Recorded is what a Spark server answered to a statement, and to DESCRIBE QUERY
// in front of it.
type Recorded struct {
	Description Outcome `json:"description"`
	Result      Outcome `json:"result,omitzero"`
}

// Outcome is rows, or why there are none.
type Outcome struct {
	Rows    []byte   `json:"rows,omitempty"` // the row set, as the protocol has it
	Failure *Failure `json:"failure,omitempty"`
}

// Failure is what an operation's status says.
type Failure struct {
	State   string `json:"state"`
	Message string `json:"message"`
}

// mostMessage is how much of a message is kept: it ends in a long stack.
const mostMessage = 800

// Failed is the outcome of a statement that failed.
func Failed(state, message string) Outcome {
	return Outcome{Failure: &Failure{state, strings.ToValidUTF8(message[:min(len(message), mostMessage)], "")}}
}

// Fetched is the outcome of a statement that returned a row set.
func Fetched(rowSet hive.Struct) (Outcome, error) {
	text, err := hive.Encode("", hive.Reply, rowSet)
	return Outcome{Rows: text}, err
}

// rowSet is what Fetched was given.
func (o Outcome) rowSet() hive.Struct {
	if o.Rows == nil {
		return hive.Struct{2: []hive.Struct(nil), 3: []hive.Struct(nil)}
	}
	_, _, rowSet, err := hive.Decode(o.Rows)
	if err != nil {
		panic(fmt.Errorf("recorded rows: %w", err)) // the file is ours
	}
	return rowSet
}
