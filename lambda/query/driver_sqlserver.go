//go:build !onedriver || sqlserver

package main

import "defog-cdk/lambda/database/sqlserver"

func init() { drivers["sqlserver"] = sqlserver.New }
