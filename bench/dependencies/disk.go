package main

import (
	"math"
	"os"
	"syscall"
	"time"
)

// extractionFolder returns a file system in memory that has space for a zip of podpac's
// size. Without one, it returns the folder for temporary files.
func extractionFolder() string {
	const memory = "/dev/shm"
	if info, err := os.Stat(memory); err == nil && info.IsDir() && free(memory) > 2e9 {
		return memory
	}
	return os.TempDir()
}

// free returns how many bytes the file system has left.
func free(directory string) int64 {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(directory, &fs); err != nil {
		return math.MaxInt64
	}
	return int64(fs.Bfree) * fs.Bsize
}

// watchDisk measures the free space of the file system until the result is called.
// The result returns the least, in which files of other programs count too.
func watchDisk(directory string) (lowest func() int64) {
	done, result := make(chan struct{}), make(chan int64)
	go func() {
		low := free(directory)
		for {
			select {
			case <-time.After(20 * time.Millisecond):
				low = min(low, free(directory))
			case <-done:
				result <- min(low, free(directory))
				return
			}
		}
	}()
	return func() int64 {
		close(done)
		return <-result
	}
}
