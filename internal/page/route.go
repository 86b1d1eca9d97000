package page

import (
	"path"
	"slices"
)

// Folder is the folder of the page's files in the code of the function that serves
// them.
const Folder = "page"

// AssetParameter is the parameter of the route of assets.
const AssetParameter = "file"

// Paths are the paths of the deployed API that lead to the page's files.
var Paths = []string{"/", "/" + ConfigFile, "/" + Icon, assetsPath}

const assetsPath = "/" + AssetsFolder + "/{" + AssetParameter + "}"

// HasRoute reports whether one of the paths leads to a file.
func HasRoute(name string) bool {
	return name == Index || path.Dir(name) == AssetsFolder || slices.Contains(Paths, "/"+name)
}

// NameOf returns the file that a path of the API leads to, given the path's
// parameters.
func NameOf(route string, parameters map[string]string) string {
	if route == assetsPath {
		return AssetsFolder + "/" + parameters[AssetParameter]
	}
	return path.Base(route) // for "/" itself
}
