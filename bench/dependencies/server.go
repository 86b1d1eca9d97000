package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The keys of the zips.
const (
	original = "original.zip"
	packed   = "packed.zip"
)

// server stands in for S3 with limited bandwidth and a bucket called bench.
type server struct {
	bandwidth float64 // bytes a second, of one connection
	latency   time.Duration
	objects   map[string]object
}

type object struct {
	content []byte
	hash    string
}

// load reads the real zips, or makes the synthetic one, and returns what the
// handler is to import.
func (s *server) load(o options) (imports string, err error) {
	s.objects = map[string]object{}
	if o.zip == "" {
		log.Print("making the zip")
		content, c, err := podpacLike(o.scale)
		if err != nil {
			return "", fmt.Errorf("make the zip: %w", err)
		}
		s.add(original, content)
		fmt.Printf("The zip has %d files of %.0f MB, zipped %.0f MB; the handler imports %d modules.\n",
			c.files, float64(c.bytes)/1e6, float64(len(content))/1e6, len(c.imports))
		return strings.Join(c.imports, ","), nil
	}
	for key, name := range map[string]string{original: o.zip, packed: o.packed} {
		if name == "" {
			continue
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return "", fmt.Errorf("read the zip: %w", err)
		}
		s.add(key, content)
		fmt.Printf("%s: %.0f MB.\n", filepath.Base(name), float64(len(content))/1e6)
	}
	return o.imports, nil
}

func (s *server) add(key string, content []byte) {
	sum := sha256.Sum256(content)
	s.objects[key] = object{content: content, hash: hex.EncodeToString(sum[:])}
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	time.Sleep(s.latency)
	found, ok := s.objects[strings.TrimPrefix(r.URL.Path, "/bench/")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("ETag", `"`+found.hash[:32]+`"`)
	http.ServeContent(&slow{ResponseWriter: w, bandwidth: s.bandwidth, start: time.Now()}, r, "", time.Time{}, bytes.NewReader(found.content))
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
