package databricks

import (
	"crypto/rand"
	"fmt"

	"strings"
	"sync"
	"time"

	"defog-cdk/lambda/database/databricks/hive"
)

// The states of an operation.
const (
	stateRunning  = int32(1)
	stateFinished = int32(2)
	stateCanceled = int32(3)
	stateError    = int32(5)
	stateTimedOut = int32(8)
)

var success = hive.Struct{1: int32(0)}

// operation is a statement that runs.
type operation struct {
	id, session, sql string

	once    sync.Once
	ended   chan struct{}
	state   int32    // once ended is closed
	failure *Failure // with stateError

	rows  func(first, most int) hive.Struct
	next  int // row
	count int // of rows
}

func (o *operation) end(state int32) {
	o.once.Do(func() {
		o.state = state
		close(o.ended)
	})
}

func (o *operation) word() string {
	select {
	case <-o.ended:
		if o.state == stateCanceled || o.state == stateTimedOut {
			return "stopped"
		}
		return "done"
	default:
		return "running"
	}
}

func handle(id string) hive.Struct { return hive.Struct{1: hive.Struct{1: id, 2: "secret"}} }

func refused(code int32, message string) hive.Struct {
	return hive.Struct{1: hive.Struct{1: code, 3: "HY000", 5: message}}
}

// answer returns a method's response.
func (s *Server) answer(method string, request hive.Struct) hive.Struct {
	id := request.Struct(1).Struct(1).Text(1)
	if method == "OpenSession" {
		return s.open(request)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch method {
	case "CloseSession":
		delete(s.sessions, id)
		for _, o := range s.operations {
			if o.session == id {
				o.end(stateCanceled)
			}
		}
		return hive.Struct{1: success}
	case "ExecuteStatement":
		if !s.sessions[id] {
			return refused(3, "org.apache.hive.service.cli.HiveSQLException: Invalid SessionHandle: SessionHandle ["+id+"]")
		}
		return s.execute(id, request)
	}
	for _, o := range s.operations {
		if o.id == id && s.sessions[o.session] {
			return s.operate(method, o, request)
		}
	}
	return refused(4, "Invalid OperationHandle")
}

func (s *Server) open(request hive.Struct) hive.Struct {
	if request[1] == nil && request[1282] == nil {
		return refused(3, "no protocol")
	}
	id := rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[id] = true
	protocol := int32(0xa507)
	if s.Plain {
		protocol = 7
	}
	return hive.Struct{1: success, 2: protocol, 3: handle(id)}
}

func (s *Server) execute(session string, request hive.Struct) hive.Struct {
	o := &operation{id: rand.Text(), session: session, sql: request.Text(2), ended: make(chan struct{})}
	s.operations = append(s.operations, o)
	s.run(o)
	if seconds, _ := request[5].(int64); seconds > 0 {
		time.AfterFunc(time.Duration(seconds)*time.Second, func() { o.end(stateTimedOut) })
	}
	return hive.Struct{1: success, 2: hive.Struct{1: handle(o.id).Struct(1), 2: int32(0), 3: true}}
}

// run starts a statement.
func (s *Server) run(o *operation) {
	sql, describes := strings.CutPrefix(o.sql, "DESCRIBE QUERY ")
	var n int
	switch record, known := s.recorded[sql]; {
	case !describes && (strings.HasPrefix(sql, "SET TIME ZONE ") || strings.HasPrefix(sql, "USE ")):
		o.returns(hive.Struct{}, 0)
	case known && describes:
		o.replays(record.Description)
	case known:
		o.replays(record.Result)
	case scans(sql, "SELECT id + 1 AS id FROM range(%d)", &n):
		o.computes(describes, "id", "bigint", n, func(first, last int) hive.Struct {
			var values []int64
			for i := first; i < last; i++ {
				values = append(values, int64(i)+1)
			}
			return hive.Struct{5: hive.Struct{1: values, 2: ""}}
		})
	case scans(sql, "SELECT repeat('x', %d) AS t", &n):
		o.computes(describes, "t", "string", 1, func(first, last int) hive.Struct {
			return hive.Struct{7: hive.Struct{1: []string{strings.Repeat("x", n)}[first:last], 2: ""}}
		})
	case sql == "SELECT count(*) FROM endless" && describes:
		o.computes(true, "count(1)", "bigint", 0, nil)
	case sql == "SELECT count(*) FROM endless":
	case s.Rights != nil && strings.Contains(sql, "information_schema.table_privileges"):
		o.computes(describes, "w", "string", len(s.Rights), func(first, last int) hive.Struct {
			return hive.Struct{7: hive.Struct{1: s.Rights[first:last], 2: ""}}
		})
	case sql == "SELECT spend_all()":
		o.replays(Failed("42883", "[UNRESOLVED_ROUTINE] Cannot resolve routine `spend_all` on search path "+
			"[`system`.`builtin`, `system`.`session`, `spark_catalog`.`default`]. SQLSTATE: 42883; line 1 pos 7"))
	default:
		if s.Answer != nil {
			if table, known := s.Answer(sql); known {
				o.lists(describes, table)
				return
			}
		}
		o.replays(s.recorded["SELECT * FROM missing"].Description)
	}
}

// Table is an answer of texts.
type Table struct {
	Columns []string
	Rows    int
	Text    func(row, column int) string
}

// lists makes the operation return a table, or its description.
func (o *operation) lists(describes bool, table Table) {
	texts := func(count int, text func(i int) string) hive.Struct {
		list := make([]string, count)
		for i := range list {
			list[i] = text(i)
		}
		return hive.Struct{7: hive.Struct{1: list, 2: ""}}
	}
	if describes {
		count := len(table.Columns)
		o.returns(hive.Struct{1: int64(0), 2: []hive.Struct{}, 3: []hive.Struct{
			texts(count, func(i int) string { return table.Columns[i] }),
			texts(count, func(int) string { return "string" }),
			texts(count, func(int) string { return "" }),
		}}, 1)
		return
	}
	o.count = table.Rows
	o.rows = func(first, last int) hive.Struct {
		columns := make([]hive.Struct, len(table.Columns))
		for column := range columns {
			columns[column] = texts(last-first, func(i int) string { return table.Text(first+i, column) })
		}
		return hive.Struct{1: int64(first), 2: []hive.Struct{}, 3: columns}
	}
	o.end(stateFinished)
}

func scans(sql, format string, n *int) bool {
	_, err := fmt.Sscanf(sql, format, n)
	return err == nil
}

// replays makes the operation return a recorded answer.
func (o *operation) replays(outcome Outcome) {
	if outcome.Failure != nil {
		o.failure = outcome.Failure
		o.end(stateError)
		return
	}
	o.returns(outcome.rowSet(), 1)
}

// returns makes the operation return one row set.
func (o *operation) returns(rowSet hive.Struct, count int) {
	o.count = count
	o.rows = func(int, int) hive.Struct { return rowSet }
	o.end(stateFinished)
}

// computes makes the operation return rows of one column, or their description.
func (o *operation) computes(describes bool, name, kind string, count int, column func(first, last int) hive.Struct) {
	if describes {
		text := func(value string) hive.Struct { return hive.Struct{7: hive.Struct{1: []string{value}, 2: ""}} }
		o.returns(hive.Struct{1: int64(0), 2: []hive.Struct{}, 3: []hive.Struct{text(name), text(kind), text("")}}, 1)
		return
	}
	o.count = count
	o.rows = func(first, last int) hive.Struct {
		return hive.Struct{1: int64(first), 2: []hive.Struct{}, 3: []hive.Struct{column(first, last)}}
	}
	o.end(stateFinished)
}

func (s *Server) operate(method string, o *operation, request hive.Struct) hive.Struct {
	switch method {
	case "GetOperationStatus":
		return o.status()
	case "CancelOperation":
		o.end(stateCanceled)
		return hive.Struct{1: success}
	case "CloseOperation":
		o.end(stateCanceled)
		return hive.Struct{1: success}
	case "FetchResults":
		if o.word() != "done" || o.failure != nil || request[1282] != nil {
			return refused(3, "no rows")
		}
		most, _ := request[3].(int64)
		first, last := o.next, min(o.next+int(most), o.count)
		o.next = last
		rowSet := hive.Struct{1: int64(first), 2: []hive.Struct{}, 3: []hive.Struct{}}
		if first < last {
			rowSet = o.rows(first, last)
		}
		return hive.Struct{1: success, 2: last < o.count && !s.Plain, 3: rowSet}
	default:
		return refused(3, "no method "+method)
	}
}

func (o *operation) status() hive.Struct {
	select {
	case <-o.ended:
	default:
		return hive.Struct{1: success, 2: stateRunning}
	}
	status := hive.Struct{1: success, 2: o.state}
	if o.failure != nil {
		status[3], status[5] = o.failure.State, o.failure.Message
	}
	return status
}
