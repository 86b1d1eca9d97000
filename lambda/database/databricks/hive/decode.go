package hive

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/thrift/lib/go/thrift"
)

type reader struct {
	ctx   context.Context // required by the library, which does not wait
	p     *thrift.TBinaryProtocol
	depth int // number of enclosing values
}

// maxDepth is several times the depth of the service's messages.
const maxDepth = thrift.DEFAULT_RECURSION_DEPTH

func (r reader) structure() (Struct, error) {
	s := Struct{}
	for {
		_, kind, id, err := r.p.ReadFieldBegin(r.ctx)
		if err != nil {
			return nil, err
		}
		if kind == thrift.STOP {
			return s, nil
		}
		if s[id], err = r.value(kind); err != nil {
			return nil, fmt.Errorf("field %d: %w", id, err)
		}
	}
}

// value reads a value of a type. It skips types that a Struct cannot hold, and
// returns nil.
func (r reader) value(kind thrift.TType) (any, error) {
	if r.depth++; r.depth > maxDepth {
		return nil, errors.New("the values are nested too deep")
	}
	switch kind {
	case thrift.BOOL:
		return r.p.ReadBool(r.ctx)
	case thrift.BYTE:
		return r.p.ReadByte(r.ctx)
	case thrift.I16:
		return r.p.ReadI16(r.ctx)
	case thrift.I32:
		return r.p.ReadI32(r.ctx)
	case thrift.I64:
		return r.p.ReadI64(r.ctx)
	case thrift.DOUBLE:
		return r.p.ReadDouble(r.ctx)
	case thrift.STRING:
		return r.p.ReadString(r.ctx)
	case thrift.STRUCT:
		return r.structure()
	case thrift.MAP:
		return r.pairs()
	case thrift.LIST:
		return r.list()
	default:
		return nil, r.p.Skip(r.ctx, kind)
	}
}

func (r reader) pairs() (any, error) {
	keys, values, size, err := r.p.ReadMapBegin(r.ctx)
	if err != nil {
		return nil, err
	}
	pairs := map[string]string{}
	for range size {
		key, err := r.value(keys)
		if err != nil {
			return nil, err
		}
		value, err := r.value(values)
		if err != nil {
			return nil, err
		}
		name, isName := key.(string)
		text, isText := value.(string)
		if isName && isText {
			pairs[name] = text
		}
	}
	return pairs, nil
}

func (r reader) list() (any, error) {
	kind, size, err := r.p.ReadListBegin(r.ctx)
	if err != nil {
		return nil, err
	}
	switch kind {
	case thrift.BOOL:
		return readList[bool](r, kind, size)
	case thrift.BYTE:
		return readList[int8](r, kind, size)
	case thrift.I16:
		return readList[int16](r, kind, size)
	case thrift.I32:
		return readList[int32](r, kind, size)
	case thrift.I64:
		return readList[int64](r, kind, size)
	case thrift.DOUBLE:
		return readList[float64](r, kind, size)
	case thrift.STRING:
		return readList[string](r, kind, size)
	case thrift.STRUCT:
		return readList[Struct](r, kind, size)
	default:
		for range size {
			if err := r.p.Skip(r.ctx, kind); err != nil {
				return nil, err
			}
		}
		return nil, nil
	}
}

func readList[T any](r reader, kind thrift.TType, size int) ([]T, error) {
	var values []T // without capacity: the sender chooses the size
	for range size {
		value, err := r.value(kind)
		if err != nil {
			return nil, err
		}
		values = append(values, value.(T))
	}
	return values, nil
}
