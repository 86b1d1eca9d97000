package main

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"defog-cdk/internal/environ"
	"defog-cdk/internal/history"
)

func TestServerKeepsHistoryAndFeedbackInAFolder(t *testing.T) {
	_, generatorURL := newGenerator(t)
	folder, kept := t.TempDir(), filepath.Join(t.TempDir(), "kept")
	writeShop(t, filepath.Join(folder, "shop.sqlite"))
	url := serveLocally(t, &server{dependencies: folder, history: kept}, map[string]string{environ.Credentials: encode(t, "shop.sqlite", generatorURL)})
	_, _, answer := exchange(t, http.MethodPost, url+"/", `{"question":"Which teas are there?"}`)
	id, _ := answer["request_id"].(string)
	status, _, got := exchange(t, http.MethodPost, url+"/feedback", `{"request_id":"`+id+`","verdict":"wrong","sql":"SELECT name FROM coffee"}`)
	if status != http.StatusOK || got["verdict"] != "wrong" {
		t.Fatalf("%d, %v; want 200", status, got)
	}
	ratings, err := history.Ratings(t.Context(), history.Folder{FS: os.DirFS(kept)}, time.Time{})
	if err != nil || len(ratings) != 1 || ratings[0].SQL != "SELECT name FROM coffee" || ratings[0].Record.Question != "Which teas are there?" {
		t.Errorf("feedback %+v, %v; want that on the answer", ratings, err)
	}
	if status, _, got := exchange(t, http.MethodPost, url+"/feedback", `{"request_id":"other","verdict":"right"}`); status != http.StatusNotFound {
		t.Errorf("unknown answer: %d, %v; want 404", status, got)
	}
}
