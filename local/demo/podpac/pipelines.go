package main

import (
	"encoding/json"
	"net/url"
)

// object is a JSON object.
type object = map[string]any

// The pipelines that are evaluated: an array, and its mean along the latitudes.
var (
	grid = object{
		"coords": []object{
			{"name": "lat", "start": 0, "stop": 2, "size": 3},
			{"name": "lon", "start": 0, "stop": 1, "size": 2},
		},
		"crs": "EPSG:4326",
	}
	array = object{"node": "data.Array", "attrs": object{"source": [][]int{{0, 1}, {2, 3}, {4, 5}}, "coordinates": grid}}
	mean  = object{"node": "algorithm.Mean", "inputs": object{"source": "Array"}, "attrs": object{"dims": []string{"lat"}}}
	drawn = object{"node": "interpolators.Interpolate", "inputs": object{"source": "Array"}, "style": object{"colormap": "magma"}}
)

// layer is what the function publishes and the fan-out evaluates: temperatures of three
// days. fine is its grid, of 48 chunks.
const (
	layer  = "test/map/layers/temperature.json"
	chunks = "lat=36,lon=72,time=1"
)

var fine = object{
	"coords": []object{
		{"name": "lat", "start": 76, "stop": -76, "size": 144},
		{"name": "lon", "start": -176, "stop": 176, "size": 288},
		{"name": "time", "values": []string{"2026-06-01T06", "2026-06-02", "2026-06-04T12"}},
	},
	"crs": "EPSG:4326",
}

const (
	arrayData = "[[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]"
	meanData  = "[2.0, 3.0]"
)

// event is what a pipeline is sent as.
func event(pipeline object, format string) []byte {
	return encode(object{"pipeline": pipeline, "coordinates": grid, "output": object{"format": format}})
}

// wms is a request for a map of one of podpac's nodes, by its name.
func wms() url.Values {
	return url.Values{
		"SERVICE": {"WMS"}, "VERSION": {"1.3.0"}, "REQUEST": {"GetMap"}, "FORMAT": {"image/png"},
		"LAYERS": {"algorithm.SinCoords"}, "PARAMS": {`{"style": {"colormap": "ocean"}}`},
		"CRS": {"EPSG:4326"}, "BBOX": {"-90,-180,90,180"}, "WIDTH": {"720"}, "HEIGHT": {"360"},
	}
}

// wcs is a request for a coverage by its definition.
func wcs() url.Values {
	return url.Values{
		"SERVICE": {"WCS"}, "VERSION": {"1.0.0"}, "REQUEST": {"GetCoverage"}, "FORMAT": {"image/png"},
		"COVERAGE": {"%PARAMS%"}, "PARAMS": {string(encode(object{"Array": array, "Map": drawn}))},
		"CRS": {"EPSG:4326"}, "BBOX": {"-0.5,-0.5,1.5,2.5"}, "WIDTH": {"200"}, "HEIGHT": {"300"},
	}
}

func encode(value object) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // there is nothing in it that JSON lacks
	}
	return text
}
