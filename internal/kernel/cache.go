package kernel

import (
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
)

// Unpacked reports whether jsii's package cache has the CDK. If not, the first construct
// unpacks it, which takes 10 s or more. It also reports true if the cache is unknown.
func Unpacked() bool { return unpacked(packageCache(), cdkVersion()) }

func unpacked(root, version string) bool {
	if root == "" || version == "" {
		return true
	}
	entries, err := os.ReadDir(filepath.Join(root, "aws-cdk-lib", version))
	return err == nil && len(entries) > 0
}

// packageCache returns the folder that jsii-runtime-go 1.139.0 caches packages in, or "".
func packageCache() string {
	if root := os.Getenv("JSII_RUNTIME_PACKAGE_CACHE_ROOT"); root != "" {
		return root
	}
	home := os.Getenv("HOME")
	switch {
	case home == "" || os.Getenv("JSII_RUNTIME_PACKAGE_CACHE") == "disabled":
		return ""
	case runtime.GOOS == "linux":
		return filepath.Join(home, ".cache", "aws", "jsii", "package-cache")
	case runtime.GOOS == "darwin":
		return filepath.Join(home, "Library", "Caches", "com.amazonaws.jsii", "package-cache")
	}
	return ""
}

// cdkVersion returns the version of the CDK that this program is made with, or "".
func cdkVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, module := range info.Deps {
		if module.Path == "github.com/aws/aws-cdk-go/awscdk/v2" {
			return strings.TrimPrefix(module.Version, "v")
		}
	}
	return ""
}
