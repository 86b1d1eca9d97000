package dependencies

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// Object names a zip in S3.
type Object struct {
	Bucket, Key string
	VersionID   string // empty for the latest
	SHA256      string // of the zip, in lower-case hex; empty if unknown
}

// String returns the object's s3:// URL.
func (o Object) String() string {
	address := "s3://" + o.Bucket + "/" + o.Key
	if o.VersionID != "" {
		address += "?versionId=" + o.VersionID
	}
	return address
}

var sha256Hex = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[0-9a-f]{64}$`)
})

func (o Object) validate() error {
	if o.Bucket == "" || o.Key == "" {
		return errors.New("bucket or key is missing; want both")
	}
	if o.SHA256 != "" && !sha256Hex().MatchString(o.SHA256) {
		return fmt.Errorf("SHA256 %q is invalid; want 64 lower-case hex digits", o.SHA256)
	}
	return nil
}

// name returns the folder's name if the hash or the version determines it, and
// otherwise "".
func (o Object) name() string {
	switch {
	case o.SHA256 != "":
		return "sha256-" + o.SHA256
	case o.VersionID != "" && o.VersionID != "null": // an upload can replace the version "null"
		return "version-" + digest(o.Bucket, o.Key, o.VersionID)
	default:
		return ""
	}
}

var folderName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(sha256|version|etag)-[0-9a-f]+$`)
})

// isFolder reports whether name is that of an object's folder.
func isFolder(name string) bool { return folderName().MatchString(name) }

func (o Object) nameByETag(etag string) string {
	return "etag-" + digest(o.Bucket, o.Key, etag)
}

func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}
