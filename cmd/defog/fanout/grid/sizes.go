// Package grid evaluates one grid of PODPAC by many functions, each of them some of its
// chunks, into one Zarr. The coordinates and the Zarr are the function's subject; this
// package names the chunks.
package grid

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"defog-cdk/cmd/defog/invoke"
)

// Sizes are sizes of chunks by dimension.
type Sizes map[string]int

// ParseSizes reads sizes such as lat=64,lon=64,time=1.
func ParseSizes(flag, text string) (Sizes, error) {
	sizes := Sizes{}
	if text == "" {
		return sizes, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		dimension, number, found := strings.Cut(strings.TrimSpace(part), "=")
		size, err := strconv.Atoi(number)
		if !found || dimension == "" || err != nil || size < 1 {
			return nil, fmt.Errorf("%s: %q is invalid; want sizes from 1, such as lat=64,lon=64,time=1", flag, part)
		}
		if _, duplicated := sizes[dimension]; duplicated {
			return nil, fmt.Errorf("%s: %s is duplicated; want one size a dimension", flag, dimension)
		}
		sizes[dimension] = size
	}
	return sizes, nil
}

// String returns the sizes as ParseSizes reads them.
func (s Sizes) String() string {
	var parts []string
	for _, dimension := range slices.Sorted(maps.Keys(s)) {
		parts = append(parts, fmt.Sprintf("%s=%d", dimension, s[dimension]))
	}
	return strings.Join(parts, ",")
}

// zarrKey matches keys of a Zarr that the function accepts.
var zarrKey = regexp.MustCompile(`^[A-Za-z0-9!_.*'()/-]+\.zarr$`)

// ParseOutput returns the key of a Zarr in the bucket below the output prefix. The text
// is an address, a key, or "" for the run's name.
func ParseOutput(text, bucket, prefix, run string) (key string, err error) {
	key = text
	if text == "" {
		key = prefix + run + ".zarr"
	}
	if rest, isAddress := strings.CutPrefix(text, "s3://"); isAddress {
		name, found, _ := strings.Cut(rest, "/")
		if name != bucket {
			return "", fmt.Errorf("--output: %s is in another bucket; want s3://%s/%s‹name›.zarr, because the function may write only there", text, bucket, prefix)
		}
		key = found
	}
	key = strings.TrimSuffix(key, "/")
	hasDots := slices.ContainsFunc(strings.Split(key, "/"), func(part string) bool { return part == "" || part == "." || part == ".." })
	if !strings.HasPrefix(key, prefix) || !zarrKey.MatchString(key) || hasDots {
		return "", fmt.Errorf("--output: %s is invalid; want s3://%s/%s‹name›.zarr", text, bucket, prefix)
	}
	return key, nil
}

// ReadPipeline returns the pipeline, the coordinates and the settings of two files. The
// first is the definition of a pipeline, or an event of PODPAC's Lambda node with it.
// They are JSON, also with the NaN that Python writes.
func ReadPipeline(pipeline, coordinates []byte) (Document, error) {
	document := Document{Pipeline: pipeline, Coordinates: coordinates}
	if event := invoke.Members(pipeline); event["pipeline"] != nil {
		document = Document{Pipeline: event["pipeline"], Coordinates: event["coordinates"], Settings: event["settings"]}
		if coordinates != nil {
			document.Coordinates = coordinates
		}
	}
	if len(document.Coordinates) == 0 {
		return document, fmt.Errorf("--coordinates: is missing, and the event has no coordinates; want a file with the definition of podpac.Coordinates (its json)")
	}
	return document, nil
}
