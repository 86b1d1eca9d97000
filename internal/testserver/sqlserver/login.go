package sqlserver

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"unicode/utf16"
)

// Options of a prelogin message, and the values of encryption: MS-TDS 2.2.6.5.
const (
	versionOption    = 0
	encryptionOption = 1
	endOfOptions     = 0xff

	encryptLogin = 0 // just the login
	encryptAll   = 1
	encryptNone  = 2
)

// greet answers the prelogin message and does the TLS handshake that it asks
// for. It returns what the login is read from, and what all else is.
func (s *Server) greet(raw net.Conn) (login, rest io.ReadWriter, encrypted bool, err error) {
	kind, body, err := readMessage(raw)
	if err != nil || kind != preloginMessage {
		return nil, nil, false, errors.Join(err, fmt.Errorf("the first message has type %d", kind))
	}
	encryption, err := preloginOption(body, encryptionOption)
	if err != nil || len(encryption) != 1 {
		return nil, nil, false, errors.Join(err, errors.New("the prelogin message has no encryption option"))
	}
	reply := packetWriter{to: raw, kind: replyMessage}
	_, _ = reply.Write(prelogin([]byte{16, 0, 0, 0, 0, 0}, encryption)) // it only fills a packet
	if err := reply.finish(); err != nil {
		return nil, nil, false, err
	}
	if encryption[0] == encryptNone {
		return raw, raw, false, nil
	}
	wrapped := &handshakeConn{Conn: raw}
	secure := tls.Server(wrapped, s.tls)
	if err := secure.HandshakeContext(context.Background()); err != nil {
		return nil, nil, false, err
	}
	wrapped.done = true
	if encryption[0] == encryptLogin {
		return secure, raw, false, nil
	}
	return secure, secure, true, nil
}

// prelogin makes a message of two options.
func prelogin(version, encryption []byte) []byte {
	const table = 5 + 5 + 1
	message := []byte{versionOption}
	message = binary.BigEndian.AppendUint16(message, table)
	message = binary.BigEndian.AppendUint16(message, uint16(len(version)))
	message = append(message, encryptionOption)
	message = binary.BigEndian.AppendUint16(message, table+uint16(len(version)))
	message = binary.BigEndian.AppendUint16(message, uint16(len(encryption)))
	message = append(message, endOfOptions)
	return append(append(message, version...), encryption...)
}

func preloginOption(message []byte, wanted byte) ([]byte, error) {
	for i := 0; i+5 <= len(message) && message[i] != endOfOptions; i += 5 {
		offset, size := int(binary.BigEndian.Uint16(message[i+1:])), int(binary.BigEndian.Uint16(message[i+3:]))
		if message[i] == wanted && offset+size <= len(message) {
			return message[offset : offset+size], nil
		}
	}
	return nil, fmt.Errorf("the prelogin message has no option %d", wanted)
}

// readLogin reads a LOGIN7 message, MS-TDS 2.2.6.4.
func readLogin(from io.Reader) (login Login, err error) {
	kind, body, err := readMessage(from)
	if err != nil {
		return login, err
	}
	const readOnlyIntent = 0x20
	if kind != loginMessage || len(body) < 94 {
		return login, fmt.Errorf("a message of type %d and %d bytes for a login", kind, len(body))
	}
	field := func(at int) []byte {
		offset, size := int(binary.LittleEndian.Uint16(body[at:])), 2*int(binary.LittleEndian.Uint16(body[at+2:]))
		if offset+size > len(body) {
			err = fmt.Errorf("the login's field at %d is not in it", at)
			return nil
		}
		return body[offset : offset+size]
	}
	password := append([]byte(nil), field(44)...)
	for i, c := range password {
		c ^= 0xa5
		password[i] = c<<4 | c>>4
	}
	login = Login{
		Host: fromUTF16(field(36)), User: fromUTF16(field(40)), Password: fromUTF16(password),
		Application: fromUTF16(field(48)), Database: fromUTF16(field(68)),
		ReadOnly: body[26]&readOnlyIntent != 0,
	}
	return login, err
}

func fromUTF16(data []byte) string {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(data[2*i:])
	}
	return string(utf16.Decode(units))
}

func toUTF16(text string) []byte {
	var data []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		data = binary.LittleEndian.AppendUint16(data, unit)
	}
	return data
}
