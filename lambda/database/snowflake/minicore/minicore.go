// Package minicore turns off the library of machine code in Snowflake's driver, which
// only measures usage. The driver extracts it at the start of every program, and
// leaves a folder in /tmp if the program ends early or is linked statically.
//
// The driver reads the variable when Go initializes it. Of the packages whose imports
// are initialized, Go takes the first by path. This one imports only os, and its
// path is before the driver's.
package minicore

import "os"

var errDisable = os.Setenv("SF_DISABLE_MINICORE", "true")

// Err returns the error of turning it off.
func Err() error { return errDisable }
