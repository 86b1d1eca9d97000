package database

import (
	"context"
	"encoding/json"
	"fmt"
)

// ConnectionLimiter is a Database with a limit of connections.
type ConnectionLimiter interface {
	// ConnectionLimits returns the limits of the user's connections. There are none if
	// the kind of server has no such limit.
	ConnectionLimits(ctx context.Context) ([]ConnectionLimit, error)
}

// ConnectionLimit is one limit of the user's connections.
type ConnectionLimit struct {
	Scope     string // that has the limit: server, database or user
	Permitted int    // connections
	Others    int    // connections of other users that count
}

// Free returns how many connections remain for the user, those included that it has.
func (l ConnectionLimit) Free() int { return max(0, l.Permitted-l.Others) }

// QueryConnectionLimits returns the limits of a query with the columns of a
// ConnectionLimit.
func QueryConnectionLimits(ctx context.Context, query QueryFunc, sql string) ([]ConnectionLimit, error) {
	result, err := query(ctx, sql, Limits{})
	if err != nil {
		return nil, err
	}
	var rows [][]any
	if err := json.Unmarshal(result.Data, &rows); err != nil {
		return nil, fmt.Errorf("decode the limits of connections: %w", err)
	}
	var limits []ConnectionLimit
	for _, row := range rows {
		if len(row) != 3 {
			return nil, fmt.Errorf("decode the limits of connections: got %d columns, want 3", len(row))
		}
		scope, isText := row[0].(string)
		permitted, isNumber := row[1].(float64)
		others, isCount := row[2].(float64)
		if !isText || !isNumber || !isCount {
			return nil, fmt.Errorf("decode the limits of connections: got %v, want a text and two numbers", row)
		}
		limits = append(limits, ConnectionLimit{scope, int(permitted), int(others)})
	}
	return limits, nil
}
