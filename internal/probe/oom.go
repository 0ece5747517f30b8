package probe

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Docker's out-of-memory flag gets lost when a container is killed just after
// its start (seen on 20.10: 3 of 18 under load), since it comes as an event of
// its own that races with the exit. The kernel's log doesn't: it is written
// before the process dies and names the cgroup, which ends in the container's
// ID (mm/oom_kill.c, dump_oom_summary).

// kernelLog is the kernel's ring buffer; readable by root.
const kernelLog = "/dev/kmsg"

// recordLimit is the largest record the kernel hands out
// (Documentation/ABI/testing/dev-kmsg: 8 KiB since Linux 3.5).
const recordLimit = 8 << 10

// kernelKilled reports whether the kernel's log tells of a process of the
// container killed for memory since the given time. A log that can't be read
// tells nothing.
func kernelKilled(id string, since time.Time) bool {
	fd, err := syscall.Open(kernelLog, syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer syscall.Close(fd)
	boot, err := booted(time.Now())
	if err != nil {
		return false
	}
	record := make([]byte, recordLimit)
	for {
		n, err := syscall.Read(fd, record)
		if err == syscall.EPIPE {
			continue // overwritten while we read: the next one is there
		}
		if err != nil || n <= 0 {
			return false
		}
		if when, ok := killRecord(string(record[:n]), id); ok && !boot.Add(when).Before(since.Add(-time.Second)) {
			return true
		}
	}
}

// killRecord reads "4,871,2122420047,-;oom-kill:…,task_memcg=/docker/<id>,…"
// and returns its time since boot.
func killRecord(record, id string) (time.Duration, bool) {
	head, message, ok := strings.Cut(record, ";")
	fields := strings.Split(head, ",")
	if !ok || len(fields) < 3 || !strings.HasPrefix(message, "oom-kill:") {
		return 0, false
	}
	_, cgroup, _ := strings.Cut(message, ",task_memcg=")
	cgroup, _, _ = strings.Cut(cgroup, ",")
	micros, err := strconv.ParseInt(fields[2], 10, 64)
	return time.Duration(micros) * time.Microsecond, err == nil && id != "" && strings.Contains(cgroup, id)
}

// booted is when the kernel's clock began, from /proc/uptime (proc(5)).
func booted(now time.Time) (time.Time, error) {
	data, err := os.ReadFile("/proc/uptime")
	if err != nil {
		return time.Time{}, err
	}
	first, _, _ := strings.Cut(string(data), " ")
	up, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return time.Time{}, err
	}
	return now.Add(-time.Duration(up * float64(time.Second))), nil
}
