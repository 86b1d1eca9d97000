package stacks

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// bucketServer stands in for S3: it knows objects by bucket/key, the region of
// buckets, and who may not see what.
type bucketServer struct {
	regions map[string]string // of buckets
	objects map[string][]byte
	refused map[string]bool // buckets and objects
	owners  map[string]string
	asked   []string
}

// ServeHTTP implements http.Handler.
func (s *bucketServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.Trim(r.URL.Path, "/")
	bucket, _, isObject := strings.Cut(name, "/")
	s.asked = append(s.asked, r.Method+" "+name)
	region, known := s.regions[bucket]
	w.Header().Set("X-Amz-Bucket-Region", region)
	data, found := s.objects[name]
	owner := r.Header.Get("X-Amz-Expected-Bucket-Owner")
	switch {
	case !known:
		w.WriteHeader(http.StatusNotFound)
	case s.refused[name] || owner != "" && s.owners[bucket] != "" && s.owners[bucket] != owner:
		w.WriteHeader(http.StatusForbidden)
	case !strings.Contains(r.Header.Get("Authorization"), "/"+region+"/"):
		w.WriteHeader(http.StatusMovedPermanently)
	case !isObject:
	case !found:
		w.WriteHeader(http.StatusNotFound)
	default:
		w.Header().Set("Etag", `"1"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	}
}

func startBuckets(t *testing.T, server *bucketServer) Place {
	t.Helper()
	stand := httptest.NewServer(server)
	t.Cleanup(stand.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": stand.URL, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_MAX_ATTEMPTS": "1",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
	return Place{Account: "123456789012", Region: "eu-west-1"}
}

func bytesOf(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// inBucket are the settings of code and dependencies in a bucket.
func inBucket(changes map[string]any) map[string]any {
	return with(map[string]any{
		"function_source_dist_zip": nil, "function_source_dependencies_zip": nil,
		"function_source_bucket": "geo-code", "function_source_dist_key": "v1/dist.zip", "function_source_dependencies_key": "v1/deps.zip",
	}, changes)
}

func TestABucketIsLookedIntoBeforeADeploy(t *testing.T) {
	code := bytesOf(t, zipAt(t, map[string]string{"handler.py": "x"}))
	deps := bytesOf(t, zipAt(t, map[string]string{"shapes/__init__.py": "x"}))
	good := func() *bucketServer {
		return &bucketServer{
			regions: map[string]string{"geo-code": "eu-west-1", "geo-data": "eu-west-1"},
			objects: map[string][]byte{"geo-code/v1/dist.zip": code, "geo-code/v1/deps.zip": deps},
			refused: map[string]bool{}, owners: map[string]string{},
		}
	}
	for name, test := range map[string]struct {
		change   func(*bucketServer)
		settings map[string]any
		want     string // in the error, "" for none
		unseen   string
	}{
		"good":                   {func(*bucketServer) {}, nil, "", ""},
		"no bucket":              {func(s *bucketServer) { delete(s.regions, "geo-code") }, nil, "function_source_dist_key: there is no bucket geo-code", ""},
		"no object":              {func(s *bucketServer) { delete(s.objects, "geo-code/v1/deps.zip") }, nil, "function_source_dependencies_key: there is no v1/deps.zip in the bucket geo-code", ""},
		"code in another region": {func(s *bucketServer) { s.regions["geo-code"] = "us-east-1" }, nil, "function_source_dist_key: the bucket geo-code is in us-east-1, and Lambda takes code from its own region alone, eu-west-1", ""},
		"not allowed":            {func(s *bucketServer) { s.refused["geo-code/v1/dist.zip"] = true }, nil, "", "function_source_dist_key (v1/dist.zip): "},
		"no handler":             {func(s *bucketServer) { s.objects["geo-code/v1/dist.zip"] = deps }, nil, "function_source_dist_key: has not what function_handler=handler.handler names", ""},
		"no zip":                 {func(s *bucketServer) { s.objects["geo-code/v1/deps.zip"] = []byte("PK") }, nil, "function_source_dependencies_key: s3://geo-code/v1/deps.zip: not a zip, or truncated", ""},
		"large":                  {func(s *bucketServer) { s.objects["geo-code/v1/deps.zip"] = bytesOf(t, sparse(t, "a.bin", 600)) }, nil, "function_source_dependencies_key: need 600 MB of the function's /tmp, extracted; say so with ephemeral_storage=728", ""},
		"large as said":          {func(s *bucketServer) { s.objects["geo-code/v1/deps.zip"] = bytesOf(t, sparse(t, "a.bin", 600)) }, map[string]any{"ephemeral_storage": 600}, "", ""},
		"own bootstrap": {func(s *bucketServer) {
			s.objects["geo-code/v1/dist.zip"] = bytesOf(t, zipAt(t, map[string]string{"bootstrap": "x", "server": "x"}))
		}, map[string]any{"function_runtime": "provided.al2023", "function_handler": "server"}, "has a program bootstrap, which Lambda would start instead of hydrate", ""},
		"trigger in another place": {func(s *bucketServer) { s.regions["geo-data"] = "us-east-1" }, map[string]any{"function_triggers": "S3", "function_s3_bucket": "geo-data"}, "function_s3_bucket: geo-data is in us-east-1, and the function in eu-west-1", ""},
		"trigger of others":        {func(s *bucketServer) { s.owners["geo-data"] = "210987654321" }, map[string]any{"function_triggers": "S3", "function_s3_bucket": "geo-data"}, "function_s3_bucket: geo-data belongs to another account than 123456789012", ""},
	} {
		t.Run(name, func(t *testing.T) {
			server := good()
			test.change(server)
			place := startBuckets(t, server)
			inputs, err := prepare(t, ownSettings(t, inBucket(test.settings)), place)
			switch {
			case test.want == "" && err != nil:
				t.Fatal(err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Fatalf("got %v, want %s", err, test.want)
			case err != nil:
				return
			}
			if got := strings.Join(inputs.Own.Unseen, "\n"); (test.unseen == "") != (got == "") || !strings.HasPrefix(got, test.unseen) {
				t.Errorf("not seen: %s; want %s", got, test.unseen)
			}
		})
	}
}

func TestDependenciesInAnotherRegionAreHydratedAllTheSame(t *testing.T) {
	server := &bucketServer{regions: map[string]string{"geo-code": "us-east-1"}, objects: map[string][]byte{
		"geo-code/v1/deps.zip": bytesOf(t, zipAt(t, map[string]string{"shapes/__init__.py": "x"})),
	}}
	changes := map[string]any{"function_source_dependencies_zip": nil, "function_source_bucket": "geo-code", "function_source_dependencies_key": "v1/deps.zip"}
	place := startBuckets(t, server)
	if inputs, err := prepare(t, ownSettings(t, changes), place); err != nil || len(inputs.Own.Unseen) > 0 {
		t.Errorf("%v", err)
	}
	changes["function_hydrate"] = false
	_, err := prepare(t, ownSettings(t, changes), place)
	if want := "function_source_dependencies_key: the bucket geo-code is in us-east-1, and the function in eu-west-1; "; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

// The stack is the same whether synth could look into the bucket or not.
func TestTheStackDoesNotDependOnWhatSynthSees(t *testing.T) {
	place := startBuckets(t, &bucketServer{regions: map[string]string{"geo-code": "eu-west-1"}, objects: map[string][]byte{
		"geo-code/v1/dist.zip": bytesOf(t, zipAt(t, map[string]string{"handler.py": "x"})),
		"geo-code/v1/deps.zip": bytesOf(t, zipAt(t, map[string]string{"shapes/__init__.py": "x", "podpac-4.0.1.dist-info/METADATA": ""})),
	}})
	conf := ownSettings(t, inBucket(nil))
	seen, blind := ownInputs(t, conf, place), ownInputs(t, conf, Place{})
	if len(seen.Own.Unseen) > 0 || len(blind.Own.Unseen) != 2 {
		t.Errorf("not seen: %v, without credentials %v", seen.Own.Unseen, blind.Own.Unseen)
	}
	if diff := cmp.Diff(blind.Environment, seen.Environment); diff != "" || seen.Own.Storage != blind.Own.Storage {
		t.Errorf("-without credentials +with:\n%s", diff)
	}
}
