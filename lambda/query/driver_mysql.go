//go:build !onedriver || mysql

package main

import "defog-cdk/lambda/database/mysql"

func init() { drivers["mysql"] = mysql.New }
