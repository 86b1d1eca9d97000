//go:build !onedriver || sqlite

package main

import "defog-cdk/lambda/database/sqlite"

func init() { drivers["sqlite"] = sqlite.New }
