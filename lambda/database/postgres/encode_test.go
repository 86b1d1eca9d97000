package postgres

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgtype"

	"defog-cdk/lambda/database"
	"defog-cdk/lambda/database/databasetest"
)

// A server writes these only with settings other than its defaults.
func TestEncoderOfOtherFormats(t *testing.T) {
	for _, c := range []struct {
		oid        uint32
		text, want string
	}{
		{pgtype.ByteaOID, `a\000\\\377`, `"\\x61005cff"`},
		{pgtype.ByteaOID, ``, `"\\x"`},
		{pgtype.ByteaOID, `\9`, `"\\x39"`},
		{pgtype.ByteaOID, `\999`, `"\\999"`},
		{pgtype.ByteaOID, `\xZZ`, `"\\xZZ"`},
		{pgtype.IntervalOID, `P1Y2M`, `"P1Y2M"`},
		{pgtype.IntervalOID, `@ 1 day ago`, `"@ 1 day ago"`},
		{pgtype.IntervalOID, `178000000 years`, `"178000000 years"`},
		{pgtype.IntervalOID, `1 fortnight`, `"1 fortnight"`},
		{pgtype.TimestamptzOID, `Thu Feb 29 12:00:00 2024 UTC`, `"Thu Feb 29 12:00:00 2024 UTC"`},
		{pgtype.TimestamptzOID, `1880-01-01 00:00:00+05:53:28`, `"1880-01-01 00:00:00+05:53:28"`},
		{pgtype.BoolOID, `maybe`, `"maybe"`},
		{pgtype.Int4OID, `one`, `"one"`},
		{pgtype.Int4OID, `01`, `"01"`},
		{pgtype.Float8OID, `one`, `"one"`},
		{pgtype.Float8OID, `1e999`, `"Infinity"`},
		{pgtype.JSONOID, `{"a":`, `"{\"a\":"`},
		{pgtype.JSONOID, "\"\xff\"", "\"\\\"\ufffd\\\"\""},
		{pgtype.Int4ArrayOID, `{1,2`, `"{1,2"`},
		{pgtype.Int4ArrayOID, `{1}x`, `"{1}x"`},
		{pgtype.Int4ArrayOID, `{1,}`, `[1,""]`},
		{pgtype.Int4ArrayOID, `[0:1]`, `"[0:1]"`},
		{pgtype.TextArrayOID, `{"a`, `"{\"a"`},
		{pgtype.TextArrayOID, `{"a\`, `"{\"a\\"`},
	} {
		if got := string(newEncoder(c.oid)(nil, []byte(c.text))); got != c.want {
			t.Errorf("type %d, %s: got %s, want %s", c.oid, c.text, got, c.want)
		}
	}
}

// FuzzEncoder checks that the result is valid JSON whatever the server sends.
func FuzzEncoder(f *testing.F) {
	types := []uint32{
		pgtype.BoolOID, pgtype.Int8OID, pgtype.Float8OID, pgtype.TextOID, pgtype.TimestamptzOID, pgtype.IntervalOID,
		pgtype.ByteaOID, pgtype.JSONBOID, pgtype.TextArrayOID, pgtype.JSONBArrayOID, pgtype.ByteaArrayOID,
		pgtype.IntervalArrayOID, pgtype.Int8ArrayOID,
	}
	for _, text := range []string{"t", "-1", "1.5e300", `a"b`, "2024-02-29 12:00:00.5+00", "1 day -00:00:01", `\x00`, `\000\\`,
		`{"a": 1}`, `{1,NULL,"a\"b",{}}`, `[0:1]={{1},{2}}`, "\xff\x00", ":::::::::", "-"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, oid := range types {
			encoded := newEncoder(oid)([]byte("[1,"), []byte(text))
			if encoded = append(encoded, ']'); !json.Valid(encoded) || !utf8.Valid(encoded) {
				t.Errorf("type %d, %q: %s", oid, text, encoded)
			}
		}
	})
}

// BenchmarkEncode encodes 1 MB of rows in the server's format,
// BenchmarkStandardEncode the same rows from structs with encoding/json.
func BenchmarkEncode(b *testing.B) {
	values := []struct {
		oid  uint32
		text string
	}{
		{pgtype.Int8OID, "1234567"}, {pgtype.TextOID, "Müller & Sons, purchasing"}, {pgtype.NumericOID, "1234.50"},
		{pgtype.Float8OID, "0.125"}, {pgtype.TimestamptzOID, "2024-02-29 12:00:00.5+00"}, {pgtype.BoolOID, "t"},
	}
	var encoders []database.Encoder
	var texts [][]byte
	for _, v := range values {
		encoders = append(encoders, newEncoder(v.oid))
		texts = append(texts, []byte(v.text))
	}
	encode := func(dst []byte) []byte {
		for i, text := range texts {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = encoders[i](dst, text)
		}
		return dst
	}
	b.ReportAllocs()
	b.SetBytes(1 << 20)
	for b.Loop() {
		rows := database.NewRows(nil, database.Limits{Bytes: 1 << 20})
		for rows.Add(encode) {
		}
	}
}

func BenchmarkStandardEncode(b *testing.B) {
	type row struct {
		ID      int64
		Name    string
		Amount  string
		Rate    float64
		Created string
		Paid    bool
	}
	one := row{1234567, "Müller & Sons, purchasing", "1234.50", 0.125, "2024-02-29 12:00:00.500000+00:00", true}
	size := len(fmt.Sprintf(`[1234567,"%s","1234.50",0.125,"%s",true],`, one.Name, one.Created))
	rows := slices.Repeat([]row{one}, 1<<20/size)
	b.ReportAllocs()
	b.SetBytes(1 << 20)
	for b.Loop() {
		if _, err := json.Marshal(rows); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkQuery runs a warm query, BenchmarkRoundTrip the same statement
// without transaction and encoding.
func BenchmarkQuery(b *testing.B) {
	db := openServer(b, nil, "")
	for b.Loop() {
		databasetest.MustQuery(b, db, "SELECT 1", database.Limits{Rows: 10_000, Bytes: 5 << 20, Time: time.Minute})
	}
}

func BenchmarkRoundTrip(b *testing.B) {
	db := openServer(b, nil, "")
	databasetest.MustQuery(b, db, "SELECT 1", databasetest.Unlimited())
	for b.Loop() {
		if _, err := db.conn.ExecParams(b.Context(), "SELECT 1", nil, nil, nil, nil).Close(); err != nil {
			b.Fatal(err)
		}
	}
}
