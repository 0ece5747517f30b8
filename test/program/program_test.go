package program_test

import (
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"teal/test/program"
)

// A file written without the lock is busy in about one of a hundred of these.
func TestAProgramJustWrittenRunsWhileOthersFork(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for i := range 60 {
				name := filepath.Join(dir, strconv.Itoa(worker)+"-"+strconv.Itoa(i))
				if err := program.Write(name, []byte("#!/bin/sh\nexit 0\n")); err != nil {
					t.Error(err)
				}
				if err := exec.Command(name).Run(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}
