package site

import (
	"fmt"
	"strings"
	"time"

	"teal/bench/machine"
)

// memoryEvery is how often a process is looked at. The kernel keeps the peak,
// so only what a process takes in its last moments can be missed.
const memoryEvery = 5 * time.Millisecond

// WatchMemory looks at a process until the returned function is called, which
// tells the most memory it had resident, in MiB: VmHWM (proc(5)). The ru_maxrss
// of a child would do only where it exceeds ours, which a fork hands down.
func WatchMemory(pid int) func() float64 {
	done, peak := make(chan struct{}), make(chan float64)
	go func() {
		tick := time.NewTicker(memoryEvery)
		defer tick.Stop()
		most := 0.0
		for {
			most = max(most, highWater(pid))
			select {
			case <-done:
				peak <- most
				return
			case <-tick.C:
			}
		}
	}()
	return func() float64 {
		close(done)
		return <-peak
	}
}

// highWater is a process's peak so far, 0 once it is gone.
func highWater(pid int) float64 {
	var kib float64
	value := machine.Field(fmt.Sprintf("/proc/%d/status", pid), "VmHWM", ":")
	if _, err := fmt.Sscan(strings.TrimSuffix(value, " kB"), &kib); err != nil {
		return 0
	}
	return kib / 1024
}
