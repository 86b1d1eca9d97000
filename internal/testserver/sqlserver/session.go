package sqlserver

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"slices"
	"sync/atomic"
)

// session is one client's.
type session struct {
	server *Server
	raw    net.Conn
	conn   io.ReadWriter
	id     uint16

	transaction uint64   // its number, 0 outside of one
	pending     []string // the tables made in it

	statement string      // what it works on, "" for nothing; the server's lock guards it
	stopped   chan string // why it has to stop: an attention, or that its client is gone
	killed    atomic.Bool
	attended  bool // the attention that is the next request has its answer
}

// request is one message of the client.
type request struct {
	kind byte
	body []byte
}

// serve greets a client, and answers it until it leaves.
func (s *Server) serve(raw net.Conn) {
	defer raw.Close()
	if socket, ok := raw.(*net.TCPConn); ok {
		_ = socket.SetWriteBuffer(16 * packetSize) // what it has sent it cannot take back, when it is to stop
	}
	one := &session{server: s, raw: raw, stopped: make(chan string, 1)}
	s.enter(one)
	defer s.leave(one)
	s.Answering()()
	loginConn, conn, encrypted, err := s.greet(raw)
	if err != nil {
		return
	}
	one.conn = conn
	login, err := readLogin(loginConn)
	if err != nil {
		return
	}
	login.Encrypted = encrypted
	if !one.logIn(login) {
		return
	}
	requests := make(chan request)
	s.running.Go(func() { one.listen(requests) })
	for r := range requests {
		if one.handle(r) != nil {
			break
		}
	}
	_ = raw.Close()
	for range requests { // let listen end
	}
}

// logIn answers a login.
func (c *session) logIn(login Login) bool {
	errors := c.server.admit(login)
	var reply []byte
	for _, e := range errors {
		reply = appendError(reply, e)
	}
	if len(errors) > 0 {
		_ = c.reply(appendDone(reply, doneFailed, 0)) // it leaves in either case
		return false
	}
	reply = appendChange(reply, changedDatabase, login.Database, "master")
	reply = appendChange(reply, changedPackets, fmt.Sprint(packetSize), fmt.Sprint(packetSize))
	reply = appendLogin(reply)
	return c.reply(appendDone(reply, 0, 0)) == nil
}

func (c *session) reply(tokens []byte) error {
	w := c.writer()
	if _, err := w.Write(tokens); err != nil {
		return err
	}
	return w.finish()
}

func (c *session) writer() *packetWriter {
	return &packetWriter{to: c.conn, kind: replyMessage, session: c.id}
}

// listen reads requests. An attention is none: it interrupts what runs.
func (c *session) listen(requests chan<- request) {
	defer close(requests)
	for {
		kind, body, err := readMessage(c.conn)
		c.server.Answering()()
		if err != nil {
			c.interrupt("gone")
			return
		}
		if kind == attentionMessage {
			c.server.Note("ATTENTION")
			c.interrupt(attention)
			requests <- request{kind: kind}
			continue
		}
		requests <- request{kind, body}
	}
}

// attention is why a session stops whose client asked it to.
const attention = "attention"

func (c *session) interrupt(why string) {
	select {
	case c.stopped <- why:
	default: // it is to stop already
	}
}

// handle answers one request.
func (c *session) handle(r request) error {
	defer c.server.Answering()()
	switch r.kind {
	case attentionMessage:
		if c.attended {
			c.attended = false
			return nil
		}
		select {
		case <-c.stopped: // it came when nothing ran any more
		default:
		}
		return c.reply(appendDone(c.abort(nil), doneAttention, 0))
	case transactionMessage:
		return c.transact(withoutHeaders(r.body))
	case batchMessage:
		return c.batch(fromUTF16(withoutHeaders(r.body)))
	default:
		return fmt.Errorf("a message of type %d", r.kind)
	}
}

// withoutHeaders returns what follows a request's headers.
func withoutHeaders(body []byte) []byte {
	size := int(binary.LittleEndian.Uint32(body))
	return body[size:]
}

// transact begins or ends a transaction, MS-TDS 2.2.6.9.
func (c *session) transact(body []byte) error {
	number := c.transaction
	switch binary.LittleEndian.Uint16(body) {
	case 5:
		c.server.Note("BEGIN TRANSACTION")
		c.transaction = uint64(c.id)<<32 | 1
		return c.reply(appendDone(appendTransaction(nil, begunChange, c.transaction, 0), 0, 0))
	case 7:
		c.server.Note("COMMIT TRANSACTION")
		c.server.commit(c.pending)
		c.transaction, c.pending = 0, nil
		return c.reply(appendDone(appendTransaction(nil, committedChange, 0, number), 0, 0))
	case 8:
		c.server.Note("ROLLBACK TRANSACTION")
		return c.reply(appendDone(c.abort(nil), 0, 0))
	default:
		return fmt.Errorf("a request %d to the transaction manager", binary.LittleEndian.Uint16(body))
	}
}

// abort rolls back, if there is something to.
func (c *session) abort(dst []byte) []byte {
	number := c.transaction
	c.transaction, c.pending = 0, nil
	if number == 0 {
		return dst
	}
	return appendTransaction(dst, rolledBack, 0, number)
}

// batch answers a statement. The session has XACT_ABORT on, as every session of
// ours does: an error or an attention rolls back.
func (c *session) batch(statement string) error {
	c.server.Note(statement)
	result, known := c.server.answer(statement)
	if !known {
		result.Errors = []Error{{102, 15, "The stand-in has no answer to " + statement}}
	}
	c.server.busy(c, statement)
	defer c.server.busy(c, "")
	w := c.writer()
	if len(result.Columns) > 0 {
		if _, err := w.Write(appendColumns(nil, result.Columns)); err != nil {
			return err
		}
	}
	count, stopped, err := c.rows(w, result)
	if err != nil {
		return err
	}
	if result.Endless && stopped == "" {
		stopped = <-c.stopped
	}
	var end []byte
	switch {
	case c.killed.Load():
		end = appendError(nil, Error{596, 21, "Cannot continue the execution because the session is in the kill state."})
		end = appendDone(end, doneFailed|doneFatal, 0)
	case stopped == attention:
		c.attended = true
		end = appendDone(c.abort(nil), doneAttention, 0)
	default:
		end = c.finish(result, count)
	}
	if _, err := w.Write(end); err != nil {
		return err
	}
	if c.killed.Load() {
		_ = w.finish() // it leaves in either case
		return io.EOF
	}
	return w.finish()
}

// rows sends the rows until they end or the session has to stop.
func (c *session) rows(w *packetWriter, result Result) (count uint64, stopped string, err error) {
	if result.Rows == nil {
		return 0, "", nil
	}
	var text []byte
	for row := range result.Rows {
		select {
		case why := <-c.stopped:
			return count, why, nil
		default:
		}
		text = appendRow(text[:0], row)
		if _, err := w.Write(text); err != nil {
			return count, "", err
		}
		count++
	}
	return count, "", nil
}

// finish ends the answer of a statement that was not stopped.
func (c *session) finish(result Result, count uint64) []byte {
	var end []byte
	for _, e := range result.Errors {
		end = appendError(end, e)
	}
	if len(end) > 0 {
		return appendDone(c.abort(end), doneFailed, 0)
	}
	if result.Makes != "" {
		if c.transaction == 0 {
			c.server.commit([]string{result.Makes})
		} else {
			c.pending = append(slices.Clone(c.pending), result.Makes)
		}
	}
	return appendDone(nil, doneCount, count)
}
