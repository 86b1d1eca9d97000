package database

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"defog-cdk/config/connection"
)

// testToken has the database let a user in by a token that stands for the
// password: open takes db_creds, without one, and what makes tokens.
func testToken(t *testing.T, creds connection.Creds, open Opener) {
	endpoint := fmt.Sprintf("%v:%v", creds["host"], creds["port"])
	user, password := creds.Text("user"), creds.Text("password")
	delete(creds, "password")
	creds["auth"] = connection.IAM

	if _, err := open(creds, Surroundings{}); err == nil || !strings.Contains(err.Error(), "no AWS credentials") {
		t.Errorf("without a way to make tokens: got %v", err)
	}
	asked := 0
	token := func(_ context.Context, at, as string) (string, error) {
		asked++
		if at != endpoint || as != user {
			t.Errorf("a token was asked for %s at %s, not for %s at %s", as, at, user, endpoint)
		}
		return password, nil
	}
	db, err := open(creds, Surroundings{Token: func(ctx context.Context, at, as string) (string, error) { return token(ctx, at, as) }})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for range 2 {
		mustQuery(t, db, "SELECT 1", unlimited)
	}
	if asked != 1 {
		t.Errorf("%d tokens for one connection", asked)
	}

	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	token = func(context.Context, string, string) (string, error) { return "another", nil }
	_, err = db.Query(t.Context(), "SELECT 1", unlimited)
	if failed, ok := errors.AsType[*ConnectionError](err); !ok || !failed.LoginRefused {
		t.Errorf("a wrong token: got %v", err)
	}
	token = func(context.Context, string, string) (string, error) { return "", errors.New("no credentials") }
	_, err = db.Query(t.Context(), "SELECT 1", unlimited)
	if _, ok := errors.AsType[*ConnectionError](err); !ok || strings.Contains(err.Error(), "credentials") {
		t.Errorf("no token: got %v", err)
	}
}
