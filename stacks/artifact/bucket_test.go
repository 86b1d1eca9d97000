package artifact

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/stacks/stacktest/settings"
)

// bucketServer replaces S3. It has objects by bucket/key, the regions of buckets,
// and names that it refuses.
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

func startBuckets(t *testing.T, server *bucketServer) Environment {
	t.Helper()
	stand := httptest.NewServer(server)
	t.Cleanup(stand.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": stand.URL, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_MAX_ATTEMPTS": "1",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
	return Environment{Account: "123456789012", Region: "eu-west-1"}
}

func bytesOf(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestSynthChecksBucket(t *testing.T) {
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
		change    func(*bucketServer)
		settings  map[string]any
		want      string // in the error, "" for none
		unchecked string
	}{
		"good":                   {func(*bucketServer) {}, nil, "", ""},
		"no bucket":              {func(s *bucketServer) { delete(s.regions, "geo-code") }, nil, "function_source_dist_key: the bucket geo-code does not exist", ""},
		"no object":              {func(s *bucketServer) { delete(s.objects, "geo-code/v1/deps.zip") }, nil, "function_source_dependencies_key: the bucket geo-code has no object v1/deps.zip", ""},
		"code in another region": {func(s *bucketServer) { s.regions["geo-code"] = "us-east-1" }, nil, "function_source_dist_key: the bucket geo-code is in us-east-1; want eu-west-1, for Lambda reads code only from its own region", ""},
		"not allowed":            {func(s *bucketServer) { s.refused["geo-code/v1/dist.zip"] = true }, nil, "", "function_source_dist_key (v1/dist.zip): "},
		"no handler":             {func(s *bucketServer) { s.objects["geo-code/v1/dist.zip"] = deps }, nil, "function_source_dist_key: does not contain what function_handler=handler.handler names", ""},
		"no zip":                 {func(s *bucketServer) { s.objects["geo-code/v1/deps.zip"] = []byte("PK") }, nil, "function_source_dependencies_key: s3://geo-code/v1/deps.zip: not a zip, or truncated", ""},
		"large":                  {func(s *bucketServer) { s.objects["geo-code/v1/deps.zip"] = bytesOf(t, sparse(t, "a.bin", 600)) }, nil, "function_source_dependencies_key: need 600 MB of the function's /tmp, extracted; set ephemeral_storage=728", ""},
		"large by setting":       {func(s *bucketServer) { s.objects["geo-code/v1/deps.zip"] = bytesOf(t, sparse(t, "a.bin", 600)) }, map[string]any{"ephemeral_storage": 600}, "", ""},
		"bootstrap in the code": {func(s *bucketServer) {
			s.objects["geo-code/v1/dist.zip"] = bytesOf(t, zipAt(t, map[string]string{"bootstrap": "x", "server": "x"}))
		}, map[string]any{"function_runtime": "provided.al2023", "function_handler": "server"}, "contains a program bootstrap, which Lambda would start instead of hydrate", ""},
		"trigger in another place": {func(s *bucketServer) { s.regions["geo-data"] = "us-east-1" }, map[string]any{"function_triggers": "S3", "function_s3_bucket": "geo-data"}, "function_s3_bucket: geo-data is in us-east-1; want eu-west-1", ""},
		"trigger of others":        {func(s *bucketServer) { s.owners["geo-data"] = "210987654321" }, map[string]any{"function_triggers": "S3", "function_s3_bucket": "geo-data"}, "function_s3_bucket: geo-data belongs to another account; want a bucket of 123456789012", ""},
	} {
		t.Run(name, func(t *testing.T) {
			server := good()
			test.change(server)
			environment := startBuckets(t, server)
			custom, err := prepare(t, settings.Custom(t, settings.InBucket(test.settings)), environment)
			switch {
			case test.want == "" && err != nil:
				t.Fatal(err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Fatalf("got %v, want %s", err, test.want)
			case err != nil:
				return
			}
			if got := strings.Join(custom.Unchecked, "\n"); (test.unchecked == "") != (got == "") || !strings.HasPrefix(got, test.unchecked) {
				t.Errorf("unchecked: %s; want %s", got, test.unchecked)
			}
		})
	}
}

func TestHydrateReadsAcrossRegions(t *testing.T) {
	server := &bucketServer{regions: map[string]string{"geo-code": "us-east-1"}, objects: map[string][]byte{
		"geo-code/v1/deps.zip": bytesOf(t, zipAt(t, map[string]string{"shapes/__init__.py": "x"})),
	}}
	changes := map[string]any{"function_source_dependencies_zip": nil, "function_source_bucket": "geo-code", "function_source_dependencies_key": "v1/deps.zip"}
	environment := startBuckets(t, server)
	if custom, err := prepare(t, settings.Custom(t, changes), environment); err != nil || len(custom.Unchecked) > 0 {
		t.Errorf("%v", err)
	}
	changes["function_hydrate"] = false
	_, err := prepare(t, settings.Custom(t, changes), environment)
	if want := "function_source_dependencies_key: the bucket geo-code is in us-east-1; want eu-west-1, "; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestStackDoesNotDependOnBucketAccess(t *testing.T) {
	environment := startBuckets(t, &bucketServer{regions: map[string]string{"geo-code": "eu-west-1"}, objects: map[string][]byte{
		"geo-code/v1/dist.zip": bytesOf(t, zipAt(t, map[string]string{"handler.py": "x"})),
		"geo-code/v1/deps.zip": bytesOf(t, zipAt(t, map[string]string{"shapes/__init__.py": "x", "podpac-4.0.1.dist-info/METADATA": ""})),
	}})
	conf := settings.Custom(t, settings.InBucket(nil))
	read, blind := mustPrepare(t, conf, environment), mustPrepare(t, conf, Environment{})
	if len(read.Unchecked) > 0 || len(blind.Unchecked) != 2 {
		t.Errorf("unchecked: %v, without credentials %v", read.Unchecked, blind.Unchecked)
	}
	if diff := cmp.Diff(blind.Variables, read.Variables); diff != "" || read.StorageMB != blind.StorageMB {
		t.Errorf("-without credentials +with:\n%s", diff)
	}
}
