package stacks

import (
	"fmt"

	"defog-cdk/config"
	"defog-cdk/internal/archive"
)

// How large a function's /tmp may be, in MB.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html
const (
	leastStorage = 512
	mostStorage  = 10240
)

// storageRoom is what is left, in MB, beside the dependencies when nobody says
// how much it should be.
const storageRoom = 128

// storageFor is how large the function's /tmp is, in MB: as the settings say, or
// as the dependencies need. They are nil when there are none, or when they could
// not be seen.
func storageFor(conf config.Config, dependencies *archive.Archive) (int, error) {
	if dependencies == nil {
		return conf.EphemeralStorage, nil
	}
	size, what := dependencies.Disk, "extracted"
	if !conf.Hydrate {
		size, what = size+dependencies.Zipped, "zipped and extracted"
	}
	needed := int((size + mebibyte - 1) / mebibyte)
	most, limit := mostStorage, fmt.Sprintf("Lambda has %d MB at the most", mostStorage)
	if conf.SnapStart {
		most, limit = config.SnapshotStorage, fmt.Sprintf("with snap_start it has %d MB at the most", config.SnapshotStorage)
	}
	if conf.Given("ephemeral_storage") {
		most, limit = conf.EphemeralStorage, fmt.Sprintf("ephemeral_storage is %d MB; valid: that or more", conf.EphemeralStorage)
	}
	switch {
	case needed > most:
		return 0, fmt.Errorf("need %d MB of the function's /tmp, %s; %s", needed, what, limit)
	case conf.Given("ephemeral_storage"):
		return conf.EphemeralStorage, nil
	case conf.DependenciesKey != "" && needed > leastStorage:
		// What synth sees in a bucket depends on who runs it: the stack must not.
		return 0, fmt.Errorf("need %d MB of the function's /tmp, %s; say so with ephemeral_storage=%d", needed, what, min(needed+storageRoom, mostStorage))
	}
	return min(max(needed+storageRoom, leastStorage), most), nil
}
