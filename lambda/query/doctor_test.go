package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"defog-cdk/internal/environ"
	"defog-cdk/lambda/doctor"
)

// examine invokes the function for its doctor's report.
func examine(t *testing.T, f running) (report doctor.Report, checks map[string]doctor.Status) {
	t.Helper()
	text := f.invoke(t, `{"doctor":true}`)
	if err := json.Unmarshal([]byte(text), &report); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if strings.Contains(text, apiKey) {
		t.Errorf("the report holds the API key: %s", text)
	}
	checks = map[string]doctor.Status{}
	for _, f := range report.Findings {
		checks[f.Check] = f.Status
	}
	return report, checks
}

func TestDoctorRunsOnDirectInvokeOnly(t *testing.T) {
	_, url := newGenerator(t)
	shop := filepath.Join(t.TempDir(), "shop.sqlite")
	writeShop(t, shop)
	f := start(t, map[string]string{environ.Credentials: encode(t, shop, url)})
	if report, checks := examine(t, f); !report.Healthy || checks["login"] != doctor.OK || checks["generator"] != doctor.OK {
		t.Errorf("got %+v", report)
	}
	answer := f.invoke(t, `{"requestContext":{"http":{"method":"POST"}},"body":"{\"doctor\":true}"}`)
	if !strings.Contains(answer, `"statusCode":400`) || !strings.Contains(answer, "doctor: unknown field") {
		t.Errorf("through the API: got %s", answer)
	}
}

func TestDoctorReportsWhyFunctionIsNotReady(t *testing.T) {
	store := serveSecrets(t)
	report, checks := examine(t, start(t, store.environment("prod/none")))
	if report.Healthy || checks["credentials"] != doctor.Failed {
		t.Errorf("no secret: got %+v", report)
	}
	report, checks = examine(t, start(t, map[string]string{environ.Retries: "-1"}))
	if report.Healthy || checks["credentials"] != doctor.Failed || !strings.Contains(report.Findings[0].Detail, environ.Retries) {
		t.Errorf("wrong settings: got %+v", report)
	}
}
