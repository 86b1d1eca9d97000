package localaws_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/internal/localaws"
)

func TestLoopbackEndpointIsLocalAWS(t *testing.T) {
	got := map[string]bool{}
	want := map[string]bool{
		"": false, "https://vpce-1.lambda.eu-west-1.vpce.amazonaws.com": false, "http://10.0.0.1:4566": false, "::": false,
		"http://127.0.0.1:4566": true, "https://localhost:4566": true, "http://[::1]:4566": true,
	}
	for endpoint := range want {
		got[endpoint] = localaws.IsEndpoint(endpoint)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
