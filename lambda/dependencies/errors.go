package dependencies

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"defog-cdk/internal/archive/rules"
)

// RefusedError reports why a zip is not extracted. A retry does not help.
type RefusedError = rules.RefusedError

var (
	errChanged = rules.Refuse("the object changed while it was read")
	errEmpty   = rules.Refuse("the object is empty")
)

// FetchError reports that S3 did not return the object.
type FetchError struct {
	Check string // advice on what to check; may be empty
	Cause error
}

func (e *FetchError) Error() string {
	if e.Check == "" {
		return fmt.Sprintf("fetch from S3: %v", e.Cause)
	}
	return fmt.Sprintf("fetch from S3: %v: check %s", e.Cause, e.Check)
}

// Unwrap returns the SDK's error.
func (e *FetchError) Unwrap() error { return e.Cause }

// fetchError converts an error of the SDK to one of this package.
func fetchError(err error) error {
	switch status := httpStatus(err); status {
	case http.StatusPreconditionFailed:
		return errChanged
	case http.StatusRequestedRangeNotSatisfiable:
		return errEmpty
	default:
		return &FetchError{Check: check(status, errorCode(err)), Cause: err}
	}
}

func check(status int, code string) string {
	switch {
	case code == "NoSuchBucket":
		return "the bucket's name and account"
	case code == "NoSuchVersion":
		return "the object's version"
	case status == http.StatusNotFound:
		return "the key: the object does not exist"
	case status == http.StatusMethodNotAllowed:
		return "the object's version: it is a delete marker"
	case status == http.StatusForbidden:
		return "that the function's role allows s3:GetObject on this object, that no bucket policy denies it, " +
			"and that it exists. A version requires s3:GetObjectVersion, and a KMS key requires kms:Decrypt"
	case status == http.StatusMovedPermanently:
		return "the region: the bucket is in another one than the function"
	default:
		return ""
	}
}

func httpStatus(err error) int {
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		return response.HTTPStatusCode()
	}
	return 0
}

// bucketRegion returns the bucket's region from an S3 error about a request to
// another region, and "" for any other error.
func bucketRegion(err error) string {
	response, ok := errors.AsType[*smithyhttp.ResponseError](err)
	if !ok {
		return ""
	}
	switch response.HTTPStatusCode() {
	case http.StatusMovedPermanently, http.StatusTemporaryRedirect, http.StatusBadRequest:
		return response.HTTPResponse().Header.Get("x-amz-bucket-region")
	default:
		return ""
	}
}

func errorCode(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	return ""
}
