// Package page serves the files of the page that asks the query function from a
// browser. The folder web contains its source, and web/README.md the contract
// between the page and what serves it.
package page

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Index is the file at the page's own URL.
const Index = "index.html"

// ConfigFile is the file with the page's configuration.
const ConfigFile = "config.json"

// AssetsFolder is the folder of the files whose names contain their hash.
const AssetsFolder = "assets"

// Icon is the only other file beside the index.
const Icon = "icon.svg"

// Compressed is the suffix of a file that contains another one, compressed.
const Compressed = ".gz"

// contentTypes are the types of the page's files. A fixed list, because the
// system's differs from one machine to the next.
var contentTypes = map[string]string{
	".css":   "text/css; charset=utf-8",
	".html":  "text/html; charset=utf-8",
	".js":    "text/javascript; charset=utf-8",
	".json":  "application/json",
	".png":   "image/png",
	".svg":   "image/svg+xml",
	".woff2": "font/woff2",
}

// Page holds the page's files in memory.
type Page struct {
	files  map[string]file
	policy string // the Content-Security-Policy
}

// file is a file in both encodings.
type file struct {
	plain, gzip []byte
	contentType string
	cache, etag string
}

// New reads the page's files. The configuration replaces a file of that name.
func New(files fs.FS, config Config) (*Page, error) {
	policy, err := policyOf(config)
	if err != nil {
		return nil, err
	}
	content, err := readFiles(files)
	if err != nil {
		return nil, fmt.Errorf("read the page: %w", err)
	}
	if content[ConfigFile], err = json.Marshal(config); err != nil {
		return nil, fmt.Errorf("encode %s: %w", ConfigFile, err)
	}
	delete(content, ConfigFile+Compressed)
	page := &Page{files: map[string]file{}, policy: policy}
	for name, plain := range content {
		if original, ok := strings.CutSuffix(name, Compressed); ok && content[original] != nil {
			continue
		}
		if page.files[name], err = newFile(name, plain, content[name+Compressed]); err != nil {
			return nil, err
		}
	}
	if _, ok := page.files[Index]; !ok {
		return nil, fmt.Errorf("read the page: %s: %w", Index, fs.ErrNotExist)
	}
	return page, nil
}

// Open reads the page's files, with the configuration among them.
func Open(files fs.FS) (*Page, error) {
	content, err := fs.ReadFile(files, ConfigFile)
	if err != nil {
		return nil, fmt.Errorf("read the page: %w", err)
	}
	var config Config
	if err := json.Unmarshal(content, &config); err != nil {
		return nil, fmt.Errorf("%s: %w", ConfigFile, err)
	}
	return New(files, config)
}

// readFiles reads all files but hidden ones.
func readFiles(files fs.FS) (map[string][]byte, error) {
	content := map[string][]byte{}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(path.Base(name), ".") {
			return err
		}
		content[name], err = fs.ReadFile(files, name)
		return err
	})
	return content, err
}

func newFile(name string, plain, zipped []byte) (file, error) {
	contentType, ok := contentTypes[path.Ext(name)]
	if !ok {
		return file{}, fmt.Errorf("read the page: %s: unknown type; want one of %s", name, strings.Join(slices.Sorted(maps.Keys(contentTypes)), ", "))
	}
	hash := sha256.Sum256(plain)
	made := file{plain: plain, gzip: zipped, contentType: contentType, cache: "no-cache", etag: `W/"` + hex.EncodeToString(hash[:8]) + `"`}
	if path.Dir(name) == AssetsFolder {
		made.cache = "public, max-age=31536000, immutable"
	}
	if made.gzip == nil {
		var err error
		if made.gzip, err = Compress(plain); err != nil {
			return file{}, err
		}
	}
	if len(made.gzip) >= len(plain) {
		made.gzip = nil
	}
	return made, nil
}

// Compress returns the content as gzip, always with the same bytes.
func Compress(content []byte) ([]byte, error) {
	var buffer bytes.Buffer
	writer, err := gzip.NewWriterLevel(&buffer, gzip.BestCompression)
	if err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	_, err = writer.Write(content)
	if err = errors.Join(err, writer.Close()); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	return buffer.Bytes(), nil
}

// policyOf returns the Content-Security-Policy. With OpenID Connect, the page also
// sends requests to the issuer.
func policyOf(config Config) (string, error) {
	const policy = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
	if config.OIDC == nil {
		return policy, nil
	}
	allowed := []string{"'self'"}
	for _, address := range append([]string{config.OIDC.Issuer}, config.OIDC.Origins...) {
		u, err := url.Parse(address)
		if err != nil || u.Scheme == "" || u.Host == "" || strings.ContainsAny(u.Host, " ;,'") {
			return "", fmt.Errorf("%s: oidc: %q is not a URL; want https://…", ConfigFile, address)
		}
		if origin := u.Scheme + "://" + u.Host; !slices.Contains(allowed, origin) {
			allowed = append(allowed, origin)
		}
	}
	return policy + "; connect-src " + strings.Join(allowed, " "), nil
}

// Request is a request for a file.
type Request struct {
	Method         string
	Name           string // the file's path; "" and "/" for the index
	AcceptEncoding string
	IfNoneMatch    string
}

// Response is a response with one value for each header. A server leaves out the
// body of a response to HEAD.
type Response struct {
	Status int
	Header map[string]string
	Body   []byte
}

// Has reports whether the page has a file of this name, "" for the index.
func (p *Page) Has(name string) bool {
	_, ok := p.find(name)
	return ok
}

func (p *Page) find(name string) (file, bool) {
	if name == "" || name == "/" {
		name = Index
	}
	found, ok := p.files[name]
	return found, ok
}

// Respond returns the response to a request. Only the names of existing files lead
// to a file.
func (p *Page) Respond(request Request) Response {
	header := map[string]string{
		"Content-Security-Policy": p.policy,
		"Referrer-Policy":         "no-referrer",
		"X-Content-Type-Options":  "nosniff",
		"Cache-Control":           "no-cache",
	}
	if request.Method != http.MethodGet && request.Method != http.MethodHead {
		header["Allow"] = "GET, HEAD"
		return text(http.StatusMethodNotAllowed, header)
	}
	found, ok := p.find(request.Name)
	if !ok {
		return text(http.StatusNotFound, header)
	}
	header["Cache-Control"], header["ETag"] = found.cache, found.etag
	header["Vary"] = "Accept-Encoding"
	if slices.Contains(strings.Split(strings.ReplaceAll(request.IfNoneMatch, " ", ""), ","), found.etag) {
		return Response{Status: http.StatusNotModified, Header: header}
	}
	header["Content-Type"] = found.contentType
	body := found.plain
	if found.gzip != nil && acceptsGzip(request.AcceptEncoding) {
		body, header["Content-Encoding"] = found.gzip, "gzip"
	}
	return Response{Status: http.StatusOK, Header: header, Body: body}
}

func text(status int, header map[string]string) Response {
	header["Content-Type"] = "text/plain; charset=utf-8"
	return Response{Status: status, Header: header, Body: []byte(http.StatusText(status) + "\n")}
}

// acceptsGzip reports whether a client accepts gzip by name.
func acceptsGzip(accepted string) bool {
	for _, encoding := range strings.Split(accepted, ",") {
		name, parameters, _ := strings.Cut(encoding, ";")
		if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
			continue
		}
		weight, isWeight := strings.CutPrefix(strings.ReplaceAll(parameters, " ", ""), "q=")
		value, err := strconv.ParseFloat(weight, 64)
		return !isWeight || err == nil && value > 0
	}
	return false
}

// ServeHTTP implements http.Handler for the page at the root.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	response := p.Respond(Request{
		Method: r.Method, Name: strings.TrimPrefix(r.URL.Path, "/"),
		AcceptEncoding: r.Header.Get("Accept-Encoding"), IfNoneMatch: r.Header.Get("If-None-Match"),
	})
	for name, value := range response.Header {
		w.Header().Set(name, value)
	}
	if response.Status != http.StatusNotModified {
		w.Header().Set("Content-Length", strconv.Itoa(len(response.Body)))
	}
	w.WriteHeader(response.Status)
	if r.Method == http.MethodHead {
		return
	}
	_, _ = io.Copy(w, bytes.NewReader(response.Body)) // fails only if the client has disconnected
}
