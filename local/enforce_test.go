package local_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/smithy-go"

	"defog-cdk/local"
)

func TestEnforceIAM(t *testing.T) {
	aws := start(t, local.EnforceIAM())
	if response, err := http.Get(aws.Endpoint()); err == nil {
		response.Body.Close()
		t.Error("a client without the certificate got an answer")
	} else if !strings.Contains(err.Error(), "certificate") {
		t.Error(err)
	}
	for caller, allowed := range map[string]bool{"test": true, "AKIAIOSFODNN7EXAMPLE": false} {
		client := lambda.New(lambda.Options{
			BaseEndpoint: awssdk.String(aws.Endpoint()),
			Region:       "us-east-1",
			Credentials:  credentials.NewStaticCredentialsProvider(caller, "test", ""),
			HTTPClient:   aws.Client(),
		})
		_, err := client.ListFunctions(t.Context(), &lambda.ListFunctionsInput{})
		if _, refused := errors.AsType[smithy.APIError](err); refused == allowed || allowed && err != nil {
			t.Errorf("caller %s: %v", caller, err)
		}
	}
}
