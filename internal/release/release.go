// Package release holds the version of this project.
package release

// Version is the version of the app, the functions and defog: the newest one in
// CHANGELOG.md. Only a release changes it, so that commits between two releases
// give the same templates and functions.
const Version = "0.2.0"

// LogKey is the field of the functions' logs that holds the version.
const LogKey = "version"
