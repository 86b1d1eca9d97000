package grid_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defog-cdk/cmd/defog/fanout/grid"
)

func TestParseSizes(t *testing.T) {
	sizes, err := grid.ParseSizes("--chunks", "lat=64, lon=32,time=1")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(grid.Sizes{"lat": 64, "lon": 32, "time": 1}, sizes); diff != "" {
		t.Error(diff)
	}
	if again, err := grid.ParseSizes("--chunks", sizes.String()); err != nil || !cmp.Equal(again, sizes) {
		t.Errorf("%s: %v, %v", sizes, again, err)
	}
	for _, text := range []string{"lat", "lat=", "=1", "lat=0", "lat=-1", "lat=1.5", "lat=1,,", "lat=1,lat=2", "lat=9999999999999999999999"} {
		if _, err := grid.ParseSizes("--chunks", text); err == nil || !strings.HasPrefix(err.Error(), "--chunks: ") {
			t.Errorf("%q: %v, want an error that names --chunks", text, err)
		}
	}
}

func TestParseOutput(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "output/run-1.zarr",
		"s3://geo/output/year/run.zarr":  "output/year/run.zarr",
		"s3://geo/output/year/run.zarr/": "output/year/run.zarr",
		"output/run.zarr":                "output/run.zarr",
	} {
		if key, err := grid.ParseOutput(text, "geo", "output/", "run-1"); err != nil || key != want {
			t.Errorf("%q: %q, %v, want %q", text, key, err, want)
		}
	}
	for _, text := range []string{"s3://other/output/a.zarr", "s3://geo/input/a.zarr", "s3://geo/output/../runs/a.zarr", "s3://geo", "run.zarr", "output/run", "output//a.zarr", "output/a b.zarr", "/output/a.zarr"} {
		if key, err := grid.ParseOutput(text, "geo", "output/", "run-1"); err == nil || !strings.Contains(err.Error(), "want s3://geo/output/‹name›.zarr") {
			t.Errorf("%q: %q, %v, want an error", text, key, err)
		}
	}
}

func TestReadPipeline(t *testing.T) {
	definition := `{"a": {"node": "data.Array", "attrs": {"nan_val": NaN}}}`
	document, err := grid.ReadPipeline([]byte(definition), []byte("{}"))
	if err != nil || string(document.Pipeline) != definition || string(document.Coordinates) != "{}" {
		t.Errorf("a definition with NaN: %s, %v", document.Pipeline, err)
	}
	event := `{"pipeline": {"a": [NaN, -Infinity, "NaN"]}, "coordinates": {"coords": []}, "settings": {"DEFAULT_CRS": "EPSG:3857"}}`
	document, err = grid.ReadPipeline([]byte(event), nil)
	if err != nil || string(document.Pipeline) != `{"a": [NaN, -Infinity, "NaN"]}` || string(document.Coordinates) != `{"coords": []}` || len(document.Settings) == 0 {
		t.Errorf("an event: %s, %v", document.Pipeline, err)
	}
	if document, err = grid.ReadPipeline([]byte(event), []byte(`{"other": 1}`)); err != nil || string(document.Coordinates) != `{"other": 1}` {
		t.Errorf("an event and --coordinates: %s, %v", document.Coordinates, err)
	}
	if _, err := grid.ReadPipeline([]byte(definition), nil); err == nil || !strings.HasPrefix(err.Error(), "--coordinates: is missing") {
		t.Errorf("no coordinates: %v", err)
	}
}
