package main

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// exchange sends a request to the local server and returns status and answer.
func exchange(t *testing.T, method, url, body string) (status int, location string, answer map[string]any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return response.StatusCode, response.Header.Get("Location"), answer
}

func TestServerAnswersLongQuestions(t *testing.T) {
	url := newShopServer(t)
	status, location, got := exchange(t, http.MethodPost, url+"/", `{"question":"Which teas are there?","async":true}`)
	if id, _ := got["id"].(string); status != http.StatusAccepted || id == "" || location != "/answers/"+id {
		t.Fatalf("%d, %s, %v", status, location, got)
	}
	for status = http.StatusAccepted; status == http.StatusAccepted; {
		status, _, got = exchange(t, http.MethodGet, url+location+"?wait=20", "")
	}
	if status != http.StatusOK || got["ran_successfully"] != true || got["status"] != "done" {
		t.Errorf("%d, %v", status, got)
	}
	if status, _, got = exchange(t, http.MethodDelete, url+location, ""); status != http.StatusOK || got["status"] != "done" {
		t.Errorf("DELETE: %d, %v", status, got)
	}
	if status, _, got = exchange(t, http.MethodGet, url+"/answers/unknown", ""); status != http.StatusNotFound {
		t.Errorf("unknown: %d, %v", status, got)
	}
}
