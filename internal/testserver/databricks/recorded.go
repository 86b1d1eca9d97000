package databricks

import (
	"fmt"
	"strings"

	"defog-cdk/lambda/database/databricks/hive"
)

// Recorded is a Spark server's answer to a statement, and to DESCRIBE QUERY of it.
type Recorded struct {
	Description Outcome `json:"description"`
	Result      Outcome `json:"result,omitzero"`
}

// Outcome is rows or a failure.
type Outcome struct {
	Rows    []byte   `json:"rows,omitempty"` // the row set, as in the protocol
	Failure *Failure `json:"failure,omitempty"`
}

// Failure is the error in an operation's status.
type Failure struct {
	State   string `json:"state"`
	Message string `json:"message"`
}

// mostMessage is the length of a kept message, without the stack at its end.
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

// rowSet returns the row set of Fetched.
func (o Outcome) rowSet() hive.Struct {
	if o.Rows == nil {
		return hive.Struct{2: []hive.Struct(nil), 3: []hive.Struct(nil)}
	}
	_, _, rowSet, err := hive.Decode(o.Rows)
	if err != nil {
		panic(fmt.Errorf("recorded rows: %w", err)) // the file is embedded
	}
	return rowSet
}
