package main

import "defog-cdk/lambda/database"

// drivers holds the drivers of this build. A driver_*.go file, whose build tag is
// the db_type, adds each: with the tag onedriver, the program has the drivers of
// the other tags only.
var drivers = database.Drivers{}
