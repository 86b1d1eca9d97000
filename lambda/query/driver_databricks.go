//go:build !onedriver || databricks

package main

import "defog-cdk/lambda/database/databricks"

func init() { drivers["databricks"] = databricks.New }
