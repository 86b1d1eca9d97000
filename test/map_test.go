package test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"math"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/internal/testserver/podpac"
	"defog-cdk/local"
)

// TestMap deploys PODPAC's handler with published layers, restricted to all but one of
// them. It looks at them in Chromium, and compares what the map shows with podpac.
func TestMap(t *testing.T) {
	t.Parallel()
	cloud := sharedAWS(t, plainAWS)
	installed := podpac.Find(t)
	layers, err := filepath.Abs(filepath.Join("map", "layers"))
	if err != nil {
		t.Fatal(err)
	}
	hashes := reference(t, installed, layers, nil, nil).Hashes
	delete(hashes, "draft")
	restricted, err := json.Marshal(slices.Sorted(maps.Values(hashes)))
	if err != nil {
		t.Fatal(err)
	}
	version, err := exec.CommandContext(t.Context(), installed.Python, "-c", `import sys; print("python%d.%d" % sys.version_info[:2], end="")`).Output()
	if err != nil {
		t.Fatal(err)
	}
	outputs := deploy(t, cloud, "map-dev", "-c", "app_name=map",
		"-c", "function_source_dist_zip="+handlerWithLayers(t, installed, layers),
		"-c", "function_source_dependencies_zip="+installed.Dependencies, "-c", "function_runtime="+string(version),
		"-c", "function_triggers=APIGateway", "-c", "api_auth=none", "-c", "function_restrict_pipelines="+string(restricted))
	address := browserURL(t, &deployment{aws: cloud, url: outputs["EvalUrl"]})

	t.Run("page", func(t *testing.T) { testMapPage(t, installed, layers, cloud, address) })
	t.Run("capabilities name the deployed endpoint", func(t *testing.T) { testCapabilities(t, cloud, address) })
	t.Run("layer that is not allowed", func(t *testing.T) {
		status, body := getFrom(t, cloud, address+"?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=draft&CRS=EPSG:4326&BBOX=0,0,1,1&WIDTH=2&HEIGHT=2&FORMAT=image/png")
		if status != http.StatusForbidden || !strings.Contains(body, "restricted to other pipelines") {
			t.Errorf("got %d %s", status, body)
		}
	})
	t.Run("files outside the map", func(t *testing.T) {
		for _, path := range []string{"/map/handler.py", "/map/..%2fhandler.py", "/map/leaflet-1.9.4/..%2f..%2f__init__.py", "/other"} {
			if status, body := getFrom(t, cloud, address+path); status != http.StatusNotFound {
				t.Errorf("%s: got %d %s", path, status, body)
			}
		}
	})
}

// handlerWithLayers returns a copy of the handler's folder with the layers.
func handlerWithLayers(t *testing.T, installed podpac.Installation, layers string) string {
	t.Helper()
	code := filepath.Join(t.TempDir(), "code")
	if err := os.CopyFS(code, os.DirFS(filepath.Join(installed.Checkout, "examples", "podpac", "function"))); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(code, "layers"), os.DirFS(layers)); err != nil {
		t.Fatal(err)
	}
	return code
}

// references is what map/reference.py prints.
type references struct {
	Hashes   map[string]string
	Values   []float64
	Pictures [][]byte
}

// reference evaluates layers with podpac alone. A query has the parameters of a URL.
func reference(t *testing.T, installed podpac.Installation, layers string, values, pictures []map[string]string) (found references) {
	t.Helper()
	asked, err := json.Marshal(map[string]any{"layers": layers, "values": append([]map[string]string{}, values...), "pictures": append([]map[string]string{}, pictures...)})
	if err != nil {
		t.Fatal(err)
	}
	program := exec.CommandContext(t.Context(), installed.Python, filepath.Join("map", "reference.py"))
	program.Env, program.Stdin = installed.Environ(t), bytes.NewReader(asked)
	var failure bytes.Buffer
	program.Stderr = &failure
	output, err := program.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &failure)
	}
	if err := json.Unmarshal(output, &found); err != nil {
		t.Fatalf("%v in %s", err, output)
	}
	return found
}

// mapInBrowser is what web/browser/map.ts prints.
type mapInBrowser struct {
	First            shownLayer
	Clicked, Entered string
	Earlier          struct{ Time, Value string }
	Layers           []shownLayer
	Requested        struct{ GetMap, GetFeatureInfo []string }
	Problems         []string // violations of the policy, requests to other hosts, findings of axe
}

type shownLayer struct {
	Title, Time, Failure string
	Legend               []string
	Colors               struct {
		Number int
		Share  float64
	}
}

func testMapPage(t *testing.T, installed podpac.Installation, layers string, cloud *local.AWS, address string) {
	program, err := filepath.Abs(filepath.Join(checkout, "node_modules", ".bin", "node"))
	if err != nil {
		t.Fatal(err)
	}
	browser := exec.CommandContext(t.Context(), program, "web/browser/map.ts", address+"/map#temperature")
	browser.Dir, browser.Stderr = checkout, os.Stderr
	output, err := browser.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	var shown mapInBrowser
	if err := json.Unmarshal(output, &shown); err != nil {
		t.Fatalf("%v in %s", err, output)
	}
	if len(shown.Problems) > 0 {
		t.Errorf("problems: %q", shown.Problems)
	}
	if shown.First.Title != "Temperature" || shown.First.Time != "2026-06-04 12:00" || !slices.Equal(shown.First.Legend, []string{"Temperature (°C)", "-20", "40"}) {
		t.Errorf("the first layer: %+v", shown.First)
	}
	var titles []string
	for _, layer := range shown.Layers {
		titles = append(titles, layer.Title)
		if layer.Failure != "" || layer.Colors.Number < 3 || layer.Colors.Share < 0.5 {
			t.Errorf("got %+v", layer)
		}
	}
	if diff := cmp.Diff([]string{"Land cover", "Soil moisture", "Temperature"}, titles); diff != "" {
		t.Errorf("layers -want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"Land cover", "Forest", "Crops", "Town", "Water"}, shown.Layers[0].Legend); diff != "" {
		t.Errorf("legend of classes -want +got:\n%s", diff)
	}
	// The scale of moisture is that of its picture, for its style has no limits.
	if legend := shown.Layers[1].Legend; len(legend) != 3 || legend[0] != "Soil moisture (m³/m³)" || legend[1] < "0.09" || legend[2] <= "0.4" || legend[2] > "0.45" {
		t.Errorf("legend of a scale: %q", legend)
	}
	if shown.Earlier.Time != "2026-06-01 06:00" {
		t.Errorf("the first time: %s", shown.Earlier.Time)
	}

	// What was shown is podpac's own: the values, and a picture.
	var pixels []map[string]string
	for _, address := range shown.Requested.GetFeatureInfo {
		pixels = append(pixels, queryOf(t, address))
	}
	texts := []string{shown.Clicked, shown.Entered, shown.Earlier.Value}
	if len(pixels) != len(texts) {
		t.Fatalf("requests for values: %q, want %d", shown.Requested.GetFeatureInfo, len(texts))
	}
	podpacs := reference(t, installed, layers, pixels, []map[string]string{queryOf(t, shown.Requested.GetMap[0])})
	for i, text := range texts {
		number, _, _ := strings.Cut(text, " ")
		if got, err := strconv.ParseFloat(number, 64); err != nil || math.Abs(got-podpacs.Values[i]) > 1e-12 {
			t.Errorf("the map shows %q, podpac has %v", text, podpacs.Values[i])
		}
	}
	if shown.Clicked == shown.Entered || shown.Entered == shown.Earlier.Value {
		t.Errorf("equal values: %q", texts)
	}
	if _, picture := getFrom(t, cloud, shown.Requested.GetMap[0]); picture != string(podpacs.Pictures[0]) {
		t.Errorf("the picture (%d bytes) is not podpac's (%d bytes)", len(picture), len(podpacs.Pictures[0]))
	}
}

func testCapabilities(t *testing.T, cloud *local.AWS, address string) {
	for _, query := range []string{"?service=wms&request=GetCapabilities", "?SERVICE=WMS&REQUEST=GetCapabilities&VERSION=1.1.1", "?SERVICE=WCS&REQUEST=GetCapabilities"} {
		status, body := getFrom(t, cloud, address+query)
		if status != http.StatusOK || !strings.Contains(body, `xlink:href="`+address+`"`) {
			t.Errorf("%s: got %d %s; want the endpoint %s", query, status, body, address)
		}
		for name, published := range map[string]bool{"temperature": true, "moisture": true, "cover": true, "draft": false} {
			if got := strings.Contains(strings.ToLower(body), "<name>"+name+"</name>"); got != published {
				t.Errorf("%s: %s is listed: %v", query, name, got)
			}
		}
	}
}

func queryOf(t *testing.T, address string) map[string]string {
	t.Helper()
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	query := map[string]string{}
	for name := range parsed.Query() {
		query[name] = parsed.Query().Get(name)
	}
	return query
}

// getFrom requests an address that browsers use.
func getFrom(t *testing.T, cloud *local.AWS, address string) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host, request.URL.Host = request.URL.Host, "127.0.0.1:"+request.URL.Port()
	response, err := cloud.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}
