package database

import "time"

// How long databases are waited for besides the time that a statement has.
const (
	// connectTime is how long connecting and logging in may take.
	connectTime = 10 * time.Second

	// restTime is how long a connection may rest until it is asked whether it
	// still works, instead of looking at its socket alone: network devices
	// drop idle connections without telling.
	restTime = time.Second

	// pingTime is how long that answer may take.
	pingTime = 2 * time.Second

	// cancelTime is how long an ended query may take to tell the server so.
	// A function that has answered is frozen, and tells nobody anything.
	cancelTime = 500 * time.Millisecond
)
