package test

import (
	"archive/zip"
	"bytes"
	"crypto/rand"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// TestUpload uploads two zips, one of them in parts, and each only once.
func TestUpload(t *testing.T) {
	t.Parallel()
	cloud := sharedAWS(t, plainAWS)
	client := s3.NewFromConfig(sdkConfig(cloud, root()), func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("releases")}); err != nil {
		t.Fatal(err)
	}
	_, err := client.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
		Bucket: aws.String("releases"), VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
	})
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	zips := map[string][]byte{"dist": noise(t, 1000), "deps": noise(t, 20<<20)}
	for name, content := range zips {
		if err := os.WriteFile(filepath.Join(folder, "shop_"+name+".zip"), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	upload := func(version string) (string, int) {
		return command(t, cloud.Environ(os.Environ()), defog.get(t),
			"upload", "--bucket", "releases", "--dist-dir", folder, "--name", "shop", "--version", version)
	}

	output, code := upload("1.0")
	settings := regexp.MustCompile(`(?m)^-c function_source_bucket=releases -c function_source_dist_key=(\S+) -c function_source_dist_version=(\S+)` +
		` -c function_source_dependencies_key=(\S+) -c function_source_dependencies_version=(\S+)$`).FindStringSubmatch(output)
	if code != 0 || settings == nil || !strings.Contains(output, "shop_deps.zip: 100 %") {
		t.Fatalf("exit code %d: %s", code, output)
	}
	for i, name := range []string{"dist", "deps"} {
		object, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("releases"), Key: &settings[1+2*i], VersionId: &settings[2+2*i]})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		data, err := io.ReadAll(object.Body)
		if err != nil {
			t.Fatal(err)
		}
		if err := object.Body.Close(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(data, zips[name]) {
			t.Errorf("the object of %s, with %d bytes, is not the zip", name, len(data))
		}
	}

	if again, code := upload("1.0"); code != 0 || !strings.Contains(again, "shop_deps.zip exists") || !strings.Contains(again, settings[0]) {
		t.Errorf("exit code %d: %s", code, again)
	}
	if err := os.WriteFile(filepath.Join(folder, "shop_deps.zip"), noise(t, 20<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if output, code := upload("1.0"); code != 1 || !strings.Contains(output, "exists with other content") {
		t.Errorf("exit code %d: %s", code, output)
	}
}

// noise returns a zip of this number of random bytes.
func noise(t *testing.T, size int) []byte {
	t.Helper()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	member, err := archive.Create("noise")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(member, rand.Reader, int64(size)); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
