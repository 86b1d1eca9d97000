package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"
)

// server plays S3 with one object and limited bandwidth.
type server struct {
	bandwidth float64 // bytes a second, of one connection
	latency   time.Duration
	content   []byte
	hash      string
}

func (s *server) use(content []byte) {
	sum := sha256.Sum256(content)
	s.content, s.hash = content, hex.EncodeToString(sum[:])
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	time.Sleep(s.latency)
	w.Header().Set("ETag", `"`+s.hash[:32]+`"`)
	http.ServeContent(&slow{ResponseWriter: w, bandwidth: s.bandwidth, start: time.Now()}, r, "", time.Time{}, bytes.NewReader(s.content))
}

// slow writes no faster than its bandwidth.
type slow struct {
	http.ResponseWriter
	bandwidth float64
	start     time.Time
	written   int
}

func (s *slow) Write(p []byte) (int, error) {
	n, err := s.ResponseWriter.Write(p)
	s.written += n
	due := time.Duration(float64(s.written) / s.bandwidth * float64(time.Second))
	if early := due - time.Since(s.start); early > time.Millisecond {
		time.Sleep(early)
	}
	return n, err
}
