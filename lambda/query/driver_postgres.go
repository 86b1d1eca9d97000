//go:build !onedriver || postgres

package main

import "defog-cdk/lambda/database/postgres"

func init() { drivers["postgres"] = postgres.New }
