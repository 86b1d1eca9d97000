//go:build !onedriver || bigquery

package main

import "defog-cdk/lambda/database/bigquery"

func init() { drivers["bigquery"] = bigquery.New }
