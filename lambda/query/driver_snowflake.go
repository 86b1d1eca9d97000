//go:build !onedriver || snowflake

package main

import "defog-cdk/lambda/database/snowflake"

func init() { drivers["snowflake"] = snowflake.New }
