package results

import (
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"
)

// bucket is a test server for S3. It stores objects and multipart uploads.
type bucket struct {
	url string

	mu      sync.Mutex
	objects map[string]string
	parts   map[string]map[string]string // of incomplete uploads, by key and part number
	refuse  bool
}

func newBucket(t *testing.T) *bucket {
	t.Helper()
	b := &bucket{objects: map[string]string{}, parts: map[string]map[string]string{}}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	b.mu.Lock()
	defer b.mu.Unlock()
	key, query := r.URL.Path, r.URL.Query()
	switch {
	case err != nil, b.refuse:
		w.WriteHeader(http.StatusForbidden)
	case r.Method == http.MethodGet:
		fmt.Fprint(w, b.objects[key])
	case r.Method == http.MethodPost && query.Has("uploads"):
		b.parts[key] = map[string]string{}
		fmt.Fprint(w, "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>")
	case r.Method == http.MethodPost:
		for number := 1; number <= len(b.parts[key]); number++ {
			b.objects[key] += b.parts[key][fmt.Sprint(number)]
		}
		delete(b.parts, key)
		fmt.Fprint(w, "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>")
	case r.Method == http.MethodDelete:
		delete(b.parts, key)
	case query.Has("partNumber"):
		b.parts[key][query.Get("partNumber")] = string(body)
		w.Header().Set("ETag", `"e"`)
	default:
		b.objects[key] = string(body)
		w.Header().Set("ETag", `"e"`)
	}
}

// left returns the stored objects and the number of incomplete uploads.
func (b *bucket) left() (objects map[string]string, uploads int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.objects, len(b.parts)
}

func (b *bucket) store() *Store {
	return New(s3.New(s3.Options{
		Region: "eu-west-1", BaseEndpoint: &b.url, UsePathStyle: true, RetryMaxAttempts: 1,
		Credentials:                credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired, // otherwise the SDK signs each chunk of the body
	}), "results", "shop-dev", time.Hour)
}

func later() time.Time { return time.Now().Add(time.Minute) }

func TestObjectConvertsRowsToCSV(t *testing.T) {
	b := newBucket(t)
	object := b.store().Object(t.Context(), "r-1", later())
	w := object.Start([]string{"id", "a, b"})
	for _, text := range []string{`[[1,"x"],`, `[-2.50,null]`, `,[true,"line\n\"quoted\" ünï"],["12.50",[1,{"a":"b"}]]`, `]`} {
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
	}
	link, err := object.Finish(true)
	if err != nil {
		t.Fatal(err)
	}
	want := "id,\"a, b\"\r\n1,x\r\n-2.50,\r\ntrue,\"line\n\"\"quoted\"\" ünï\"\r\n12.50,\"[1,{\"\"a\"\":\"\"b\"\"}]\"\r\n"
	if diff := cmp.Diff(want, fetch(t, link.URL)); diff != "" {
		t.Error(diff)
	}
	if left := time.Until(link.Expires); link.Rows != 4 || left < 59*time.Minute || left > time.Hour {
		t.Errorf("%d rows for %v", link.Rows, left)
	}
	if !strings.Contains(link.URL, "/results/shop-dev/r-1.csv?") || !strings.Contains(link.URL, "X-Amz-Expires=3600") {
		t.Errorf("the URL is %s", link.URL)
	}
}

func TestWriteCSVKeepsLineBreaksInText(t *testing.T) {
	var stored strings.Builder
	if _, err := writeCSV(&stored, []string{"text"}, strings.NewReader(`[["a\rb"],["c\nd"],["e\r\nf"],[null]]`)); err != nil {
		t.Fatal(err)
	}
	// Most CSV readers skip an empty line, so a single empty field is quoted.
	if diff := cmp.Diff("text\r\n\"a\rb\"\r\n\"c\nd\"\r\n\"e\r\nf\"\r\n\"\"\r\n", stored.String()); diff != "" {
		t.Error(diff)
	}
}

func TestObjectUploadsLargeAnswerInParts(t *testing.T) {
	const rows = 300_000
	b := newBucket(t)
	object := b.store().Object(t.Context(), "r-1", later())
	w := object.Start([]string{"n", "text"})
	separator := "["
	for n := range rows {
		if _, err := fmt.Fprintf(w, `%s[%d,"%0100d"]`, separator, n, n); err != nil {
			t.Fatal(err)
		}
		separator = ","
	}
	if _, err := io.WriteString(w, "]"); err != nil {
		t.Fatal(err)
	}
	link, err := object.Finish(true)
	if err != nil || link.Rows != rows {
		t.Fatalf("%v, %v", link, err)
	}
	records, err := csv.NewReader(strings.NewReader(fetch(t, link.URL))).ReadAll()
	if err != nil || len(records) != rows+1 || records[rows][0] != fmt.Sprint(rows-1) {
		t.Errorf("%d records, %v", len(records), err)
	}
}

func TestFinishDiscardsIncompleteAnswer(t *testing.T) {
	write := func(o *Object, text string) error {
		_, err := io.WriteString(o.Start([]string{"n"}), text)
		return err
	}
	large := `[["` + strings.Repeat("x", 30<<20) + `"]`
	for name, test := range map[string]struct {
		until    time.Time
		text     string
		complete bool
		refuse   bool
		lost     string // part of the error; "" for none
	}{
		"the statement failed":             {later(), "[[1]", false, false, ""},
		"the statement failed, many parts": {later(), large, false, false, ""},
		"too late":                         {time.Now(), large, true, false, "not read to its end in time"},
		"the text ends early":              {later(), "[[1]", true, false, "EOF"},
		"S3 refuses":                       {later(), "[[1]]", true, true, "s3://results/shop-dev/r-1.csv"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBucket(t)
			b.refuse = test.refuse
			object := b.store().Object(t.Context(), "r-1", test.until)
			_ = write(object, test.text) // Finish returns the error
			link, err := object.Finish(test.complete)
			if link != nil || (err == nil) != (test.lost == "") || err != nil && !strings.Contains(err.Error(), test.lost) {
				t.Errorf("got %v, %v", link, err)
			}
			if objects, uploads := b.left(); len(objects) > 0 || uploads > 0 {
				t.Errorf("%d objects and %d uploads are left", len(objects), uploads)
			}
		})
	}
}

func TestFinishWithoutStartStoresNothing(t *testing.T) {
	b := newBucket(t)
	if link, err := b.store().Object(t.Context(), "r-1", later()).Finish(true); link != nil || err != nil {
		t.Errorf("got %v, %v", link, err)
	}
	if objects, _ := b.left(); len(objects) > 0 {
		t.Error("something was stored")
	}
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
