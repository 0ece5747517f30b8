// Package pinned measures what a proxy costs: the proxy on one processor, its
// clients and its backend on another, and the processor time that the kernel
// has counted for the proxy divided by the requests that were answered. So a
// busy machine makes a run slow, and hardly a request dear.
package pinned

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"teal/bench/machine"
)

// Cores are the processors of the proxy and of the load.
func Cores() (proxy, load int, err error) {
	var all []int
	for part := range strings.SplitSeq(machine.Field("/proc/self/status", "Cpus_allowed_list", ":"), ",") {
		first, last, several := strings.Cut(part, "-")
		from, err := strconv.Atoi(first)
		if err != nil {
			return 0, 0, fmt.Errorf("read which processors there are: %w", err)
		}
		to := from
		if several {
			if to, err = strconv.Atoi(last); err != nil {
				return 0, 0, fmt.Errorf("read which processors there are: %w", err)
			}
		}
		for n := from; n <= to; n++ {
			all = append(all, n)
		}
	}
	if len(all) < 2 {
		return 0, 0, errors.New("the proxy and its load need a processor each; this machine has one")
	}
	return all[len(all)-1], all[0], nil
}

// Pin moves a running process, and what it starts from now on, to a processor.
func Pin(ctx context.Context, pid, core int) error {
	out, err := exec.CommandContext(ctx, "taskset", "--all-tasks", "--cpu-list", "--pid", strconv.Itoa(core), strconv.Itoa(pid)).CombinedOutput()
	if err != nil {
		return fmt.Errorf("pin process %d: %w\n%s", pid, err, out)
	}
	return nil
}

// On is a command that runs on one processor.
func On(ctx context.Context, core int, name string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "taskset", append([]string{"--cpu-list", strconv.Itoa(core), name}, args...)...)
}

// tick is the unit in which Linux tells of processor time (proc(5), USER_HZ).
const tick = time.Second / 100

// Spent is the time, user's and kernel's, that processes have been on a
// processor.
func Spent(pids ...int) (time.Duration, error) {
	var total time.Duration
	for _, pid := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return 0, err
		}
		one, err := spent(string(text))
		if err != nil {
			return 0, fmt.Errorf("read the time of process %d: %w", pid, err)
		}
		total += one
	}
	return total, nil
}

// spent reads utime and stime, the 14th and 15th fields; the second is the
// program's name in parentheses, which may hold anything.
func spent(stat string) (time.Duration, error) {
	fields := strings.Fields(stat[strings.LastIndex(stat, ")")+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("%q is too short", stat)
	}
	var total time.Duration
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, err
		}
		total += time.Duration(n) * tick
	}
	return total, nil
}

// Children are a process's children.
func Children(pid int) []int {
	var list []int
	for _, word := range strings.Fields(machine.Read(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))) {
		if n, err := strconv.Atoi(word); err == nil {
			list = append(list, n)
		}
	}
	return list
}
