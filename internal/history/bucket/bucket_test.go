package bucket

import (
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"defog-cdk/internal/history"
)

// server is a stand-in for S3 that lists two keys a page.
type server struct {
	mu      sync.Mutex
	objects map[string]string
	status  int // of each response; 0 for success
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := strings.TrimPrefix(r.URL.Path, "/b/")
	content, ok := s.objects[key]
	switch {
	case s.status != 0:
		w.WriteHeader(s.status)
	case r.Method == http.MethodPut:
		body, _ := io.ReadAll(r.Body)
		s.objects[key] = string(body)
	case r.URL.Query().Has("list-type"):
		s.list(w, r)
	case !ok:
		w.WriteHeader(http.StatusNotFound)
	default:
		_, _ = io.WriteString(w, content)
	}
}

func (s *server) list(w http.ResponseWriter, r *http.Request) {
	type content struct{ Key string }
	page := struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		IsTruncated           bool
		NextContinuationToken string
		Contents              []content
	}{}
	after := max(r.URL.Query().Get("start-after"), r.URL.Query().Get("continuation-token"))
	for _, key := range slices.Sorted(maps.Keys(s.objects)) {
		if !strings.HasPrefix(key, r.URL.Query().Get("prefix")) || key <= after {
			continue
		}
		if len(page.Contents) == 2 {
			page.IsTruncated, page.NextContinuationToken = true, page.Contents[1].Key
			break
		}
		page.Contents = append(page.Contents, content{key})
	}
	_ = xml.NewEncoder(w).Encode(page)
}

func serve(t *testing.T, s *server) Bucket {
	t.Helper()
	if s.objects == nil {
		s.objects = map[string]string{}
	}
	listening := httptest.NewServer(s)
	t.Cleanup(listening.Close)
	return Bucket{Name: "b", Client: s3.New(s3.Options{
		Region: "eu-west-1", BaseEndpoint: &listening.URL, UsePathStyle: true, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	})}
}

func TestBucketReturnsWhatWasWrittenOnAllPages(t *testing.T) {
	bucket := serve(t, &server{})
	at := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	var want []history.Record
	for i := range 5 {
		record := history.Record{RequestID: string(rune('a' + i)), Time: at.AddDate(0, 0, i), Outcome: "ok"}
		line, err := history.Encode(record)
		if err == nil {
			err = bucket.Write(t.Context(), record.Key(), line)
		}
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, record)
	}
	got, err := history.Records(t.Context(), bucket, at.AddDate(0, 0, 1))
	if diff := cmp.Diff(want[1:], got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if ratings, err := history.Ratings(t.Context(), bucket, time.Time{}); err != nil || len(ratings) != 0 {
		t.Errorf("feedback %v, %v; want none", ratings, err)
	}
}

func TestReadDistinguishesAMissingObjectFromADeniedOne(t *testing.T) {
	_, missing := serve(t, &server{}).Read(t.Context(), "history/x")
	_, denied := serve(t, &server{status: http.StatusForbidden}).Read(t.Context(), "history/x")
	if !errors.Is(missing, fs.ErrNotExist) || IsDenied(missing) {
		t.Errorf("missing: %v", missing)
	}
	if errors.Is(denied, fs.ErrNotExist) || !IsDenied(denied) || !strings.Contains(denied.Error(), "s3://b/history/x") {
		t.Errorf("denied: %v", denied)
	}
}

func TestWriteNamesTheObjectThatS3Refused(t *testing.T) {
	err := serve(t, &server{status: http.StatusForbidden}).Write(t.Context(), "history/x", nil)
	if err == nil || !strings.Contains(err.Error(), "s3://b/history/x") {
		t.Errorf("error %v; want the object", err)
	}
}
