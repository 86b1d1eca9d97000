// Command podpac shows a custom function on this machine. It packs the real podpac from
// PyPI without Docker. It deploys it to a local AWS with the real CDK CLI, from local
// zips and from a bucket. It evaluates pipelines by direct invoke, through S3, and by WCS
// and WMS requests. PODPAC's own client evaluates one, and several functions a grid. It
// compares the results with those of podpac without AWS.
package main

import (
	"flag"

	"defog-cdk/local/show"
)

func main() {
	var d demo
	flag.BoolVar(&d.Verbose, "v", false, "show the output of every step")
	flag.BoolVar(&d.keep, "keep", false, "leave the local AWS up afterwards")
	flag.Parse()
	d.Expect = "The first run downloads some 200 MB and takes minutes; later ones are offline and take about four."
	show.Main("demo-podpac", &d.Show, d.run)
}
