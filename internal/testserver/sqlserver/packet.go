package sqlserver

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
)

// Types of messages, MS-TDS 2.2.3.1.1.
const (
	batchMessage       = 1
	replyMessage       = 4
	attentionMessage   = 6
	transactionMessage = 14
	loginMessage       = 16
	preloginMessage    = 18
)

const (
	headerSize = 8
	packetSize = 4096
	lastPacket = 1 // the status of a message's last packet
)

// readMessage reads the packets of one message.
func readMessage(from io.Reader) (kind byte, body []byte, err error) {
	for {
		var header [headerSize]byte
		if _, err := io.ReadFull(from, header[:]); err != nil {
			return 0, nil, err
		}
		size := int(binary.BigEndian.Uint16(header[2:]))
		if size < headerSize || size > packetSize {
			return 0, nil, fmt.Errorf("a packet has %d bytes", size)
		}
		packet := make([]byte, size-headerSize)
		if _, err := io.ReadFull(from, packet); err != nil {
			return 0, nil, err
		}
		body = append(body, packet...)
		if header[1]&lastPacket != 0 {
			return header[0], body, nil
		}
	}
}

// packetWriter splits a message into packets, the last of which is sent by
// finish.
type packetWriter struct {
	to      io.Writer
	kind    byte
	session uint16
	number  byte
	body    []byte
	packet  []byte // the last one that was sent
}

func (w *packetWriter) Write(data []byte) (int, error) {
	w.body = append(w.body, data...)
	rest := w.body
	for len(rest) > packetSize-headerSize {
		if err := w.send(rest[:packetSize-headerSize], 0); err != nil {
			return 0, err
		}
		rest = rest[packetSize-headerSize:]
	}
	w.body = append(w.body[:0], rest...)
	return len(data), nil
}

func (w *packetWriter) finish() error {
	defer func() { w.body = w.body[:0] }()
	return w.send(w.body, lastPacket)
}

func (w *packetWriter) send(body []byte, status byte) error {
	w.number++
	w.packet = append(w.packet[:0], w.kind, status)
	w.packet = binary.BigEndian.AppendUint16(w.packet, uint16(headerSize+len(body)))
	w.packet = binary.BigEndian.AppendUint16(w.packet, w.session)
	w.packet = append(w.packet, w.number, 0)
	w.packet = append(w.packet, body...)
	_, err := w.to.Write(w.packet)
	return err
}

// handshakeConn carries a TLS handshake within prelogin messages, and what comes
// after it bare.
type handshakeConn struct {
	net.Conn
	done   bool
	unread []byte
}

func (c *handshakeConn) Read(into []byte) (int, error) {
	if c.done {
		return c.Conn.Read(into)
	}
	if len(c.unread) == 0 {
		kind, body, err := readMessage(c.Conn)
		if err != nil {
			return 0, err
		}
		if kind != preloginMessage {
			return 0, fmt.Errorf("a message of type %d in the TLS handshake", kind)
		}
		c.unread = body
	}
	n := copy(into, c.unread)
	c.unread = c.unread[n:]
	return n, nil
}

func (c *handshakeConn) Write(data []byte) (int, error) {
	if c.done {
		return c.Conn.Write(data)
	}
	w := packetWriter{to: c.Conn, kind: preloginMessage}
	if _, err := w.Write(data); err != nil {
		return 0, err
	}
	return len(data), w.finish()
}
