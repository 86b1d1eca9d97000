// Package hive encodes and decodes messages of HiveServer2's Thrift service, the
// protocol of Spark's Thrift server and of Databricks. A struct is a map of its
// fields by number; the service's definition names the numbers:
// https://github.com/apache/hive/blob/master/service-rpc/if/TCLIService.thrift
package hive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/apache/thrift/lib/go/thrift"
)

// Struct holds a struct's fields by number. A field is a bool, int8, int16, int32,
// int64, float64, string (bytes too), Struct or map[string]string. It may be a
// list of one of these except the map.
type Struct map[int16]any

// Kinds of messages.
const (
	Call      = thrift.CALL
	Reply     = thrift.REPLY
	Exception = thrift.EXCEPTION
)

// Encode returns a message of the binary protocol.
func Encode(method string, kind thrift.TMessageType, content Struct) ([]byte, error) {
	ctx := context.Background() // no operation waits
	buffer := thrift.NewTMemoryBuffer()
	w := writer{ctx, thrift.NewTBinaryProtocolConf(buffer, nil)}
	if err := w.p.WriteMessageBegin(ctx, method, kind, 1); err != nil {
		return nil, err
	}
	if err := w.structure(content); err != nil {
		return nil, fmt.Errorf("encode %s: %w", method, err)
	}
	return buffer.Bytes(), nil
}

// Decode decodes a message of the binary protocol.
func Decode(text []byte) (method string, kind thrift.TMessageType, content Struct, err error) {
	ctx := context.Background()
	buffer := &thrift.TMemoryBuffer{Buffer: bytes.NewBuffer(text)} // without a copy
	r := reader{ctx: ctx, p: thrift.NewTBinaryProtocolConf(buffer, nil)}
	method, kind, _, err = r.p.ReadMessageBegin(ctx)
	if err != nil {
		return "", 0, nil, fmt.Errorf("decode a message: %w", err)
	}
	content, err = r.structure()
	if err != nil {
		return "", 0, nil, fmt.Errorf("decode %s: %w", method, err)
	}
	return method, kind, content, nil
}

// Text returns a text field, or "".
func (s Struct) Text(id int16) string { v, _ := s[id].(string); return v }

// Int returns an int32 field, or 0.
func (s Struct) Int(id int16) int32 { v, _ := s[id].(int32); return v }

// Bool returns a bool field, or false.
func (s Struct) Bool(id int16) bool { v, _ := s[id].(bool); return v }

// Struct returns a struct field, or an empty struct.
func (s Struct) Struct(id int16) Struct { v, _ := s[id].(Struct); return v }

// Structs returns a list of structs, or an empty one.
func (s Struct) Structs(id int16) []Struct { v, _ := s[id].([]Struct); return v }

type writer struct {
	ctx context.Context // required by the library, which does not wait
	p   *thrift.TBinaryProtocol
}

func (w writer) structure(s Struct) error {
	for _, id := range slices.Sorted(maps.Keys(s)) {
		kind := typeOf(s[id])
		if err := w.p.WriteFieldBegin(w.ctx, "", kind, id); err != nil {
			return err
		}
		if err := w.value(s[id]); err != nil {
			return fmt.Errorf("field %d: %w", id, err)
		}
	}
	return w.p.WriteFieldStop(w.ctx)
}

func (w writer) value(value any) error {
	switch v := value.(type) {
	case bool:
		return w.p.WriteBool(w.ctx, v)
	case int8:
		return w.p.WriteByte(w.ctx, v)
	case int16:
		return w.p.WriteI16(w.ctx, v)
	case int32:
		return w.p.WriteI32(w.ctx, v)
	case int64:
		return w.p.WriteI64(w.ctx, v)
	case float64:
		return w.p.WriteDouble(w.ctx, v)
	case string:
		return w.p.WriteString(w.ctx, v)
	case Struct:
		return w.structure(v)
	case map[string]string:
		return w.pairs(v)
	}
	return w.list(value)
}

func (w writer) pairs(pairs map[string]string) error {
	errs := []error{w.p.WriteMapBegin(w.ctx, thrift.STRING, thrift.STRING, len(pairs))}
	for _, key := range slices.Sorted(maps.Keys(pairs)) {
		errs = append(errs, w.p.WriteString(w.ctx, key), w.p.WriteString(w.ctx, pairs[key]))
	}
	return errors.Join(errs...)
}

func (w writer) list(value any) error {
	switch v := value.(type) {
	case []bool:
		return writeList(w, thrift.BOOL, v)
	case []int8:
		return writeList(w, thrift.BYTE, v)
	case []int16:
		return writeList(w, thrift.I16, v)
	case []int32:
		return writeList(w, thrift.I32, v)
	case []int64:
		return writeList(w, thrift.I64, v)
	case []float64:
		return writeList(w, thrift.DOUBLE, v)
	case []string:
		return writeList(w, thrift.STRING, v)
	case []Struct:
		return writeList(w, thrift.STRUCT, v)
	default:
		return fmt.Errorf("%T is not a type of the protocol", value)
	}
}

func writeList[T any](w writer, kind thrift.TType, values []T) error {
	if err := w.p.WriteListBegin(w.ctx, kind, len(values)); err != nil {
		return err
	}
	for _, value := range values {
		if err := w.value(value); err != nil {
			return err
		}
	}
	return nil
}

func typeOf(value any) thrift.TType {
	switch value.(type) {
	case bool:
		return thrift.BOOL
	case int8:
		return thrift.BYTE
	case int16:
		return thrift.I16
	case int32:
		return thrift.I32
	case int64:
		return thrift.I64
	case float64:
		return thrift.DOUBLE
	case string:
		return thrift.STRING
	case Struct:
		return thrift.STRUCT
	case map[string]string:
		return thrift.MAP
	default:
		return thrift.LIST
	}
}
