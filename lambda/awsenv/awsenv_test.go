package awsenv

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestReadReturnsLambdaVariables(t *testing.T) {
	environment := map[string]string{
		"AWS_REGION":            "eu-central-1",
		"AWS_DEFAULT_REGION":    "us-east-1",
		"AWS_ACCESS_KEY_ID":     "AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY": "secret",
		"AWS_SESSION_TOKEN":     "token",
	}
	s := Read(func(name string) string { return environment[name] })
	creds, err := s.Credentials().Retrieve(t.Context())
	if err != nil || creds.AccessKeyID != "AKIDEXAMPLE" || creds.SecretAccessKey != "secret" || creds.SessionToken != "token" {
		t.Errorf("credentials %+v, %v", creds, err)
	}
	options := s.S3().Options()
	if options.Region != "eu-central-1" || options.BaseEndpoint != nil || options.UsePathStyle {
		t.Errorf("region %s, endpoint %v, path style %t", options.Region, options.BaseEndpoint, options.UsePathStyle)
	}
}

func TestS3UsesPathStyleAtCustomEndpoint(t *testing.T) {
	options := Settings{Endpoint: "http://127.0.0.1:4566"}.S3().Options()
	if options.BaseEndpoint == nil || *options.BaseEndpoint != "http://127.0.0.1:4566" || !options.UsePathStyle {
		t.Errorf("endpoint %v, path style %t", options.BaseEndpoint, options.UsePathStyle)
	}
}

func TestCredentialsComeFromURLWithSnapStart(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "token" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		fmt.Fprint(w, `{"AccessKeyId":"AKIDSNAP","SecretAccessKey":"s","Token":"t","Expiration":"2999-01-01T00:00:00Z"}`)
	}))
	t.Cleanup(server.Close)
	creds, err := Settings{CredentialsURL: server.URL, CredentialsToken: "token"}.Credentials().Retrieve(t.Context())
	if err != nil || creds.AccessKeyID != "AKIDSNAP" {
		t.Errorf("got %+v, %v", creds, err)
	}
}
