//go:build !onedriver || redshift

package main

import "defog-cdk/lambda/database/postgres"

func init() { drivers["redshift"] = postgres.NewRedshift }
