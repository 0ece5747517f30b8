package nginx

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// master is nginx's master process.
type master int

// The titles nginx gives its processes (ngx_process_cycle.c).
const (
	titleMaster = "nginx: master process"
	titleWorker = "nginx: worker process"
	titleOld    = "nginx: worker process is shutting down"
)

// masterIn reads the master's process ID from its pid file. The file may be
// missing, empty (nginx -t makes it), or name a process that is long dead or
// is another program's now: only what calls itself nginx's master counts.
func masterIn(pidFile string) (master, bool) {
	text, err := os.ReadFile(pidFile)
	if err != nil {
		return 0, false
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid <= 1 || !strings.HasPrefix(title(pid), titleMaster) {
		return 0, false
	}
	return master(pid), true
}

// title is what a process calls itself, its command line; "" if it's gone.
func title(pid int) string {
	text, err := os.ReadFile(procPath(pid, "cmdline"))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(strings.ReplaceAll(string(text), "\x00", " "))
}

func procPath(pid int, name string) string {
	return filepath.Join("/proc", strconv.Itoa(pid), name)
}

func (m master) alive() bool { return strings.HasPrefix(title(int(m)), titleMaster) }

func (m master) signal(s syscall.Signal) error { return kill(int(m), s) }

// workers are the master's workers, those that are shutting down included.
func (m master) workers() []int {
	var list []int
	for _, pid := range children(int(m)) {
		if strings.HasPrefix(title(pid), titleWorker) {
			list = append(list, pid)
		}
	}
	return list
}

// children lists a process's children, which a kernel built without
// CONFIG_PROC_CHILDREN doesn't tell: there all processes are looked at.
func children(pid int) []int {
	text, err := os.ReadFile(procPath(pid, filepath.Join("task", strconv.Itoa(pid), "children")))
	if err != nil {
		return slices.DeleteFunc(processes(), func(p int) bool { return parent(p) != pid })
	}
	return numbers(strings.Fields(string(text)))
}

func numbers(words []string) []int {
	var list []int
	for _, word := range words {
		if n, err := strconv.Atoi(word); err == nil {
			list = append(list, n)
		}
	}
	return list
}

// accepts reports whether a worker may still take new connections. A worker
// that was told to quit first changes its title and closes its listening
// sockets in the same turn of its loop (ngx_worker_process_cycle), so one that
// bears the old title may accept, and one that doesn't takes no more.
func accepts(pid int) bool {
	t := title(pid)
	return strings.HasPrefix(t, titleWorker) && t != titleOld
}

// processes lists the IDs of all processes.
func processes() []int {
	names, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil
	}
	for i, name := range names {
		names[i] = filepath.Base(name)
	}
	return numbers(names)
}

// parent reads the fourth field of /proc/<pid>/stat (proc(5)); the second may
// have blanks and parentheses in it, so it counts from the last one.
func parent(pid int) int {
	text, err := os.ReadFile(procPath(pid, "stat"))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 2 {
		return 0
	}
	id, _ := strconv.Atoi(fields[1])
	return id
}

// user is the effective user ID of a process, -1 if it's gone.
func user(pid int) int {
	text, err := os.ReadFile(procPath(pid, "status"))
	if err != nil {
		return -1
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) > 2 && fields[0] == "Uid:" {
			id, _ := strconv.Atoi(fields[2])
			return id
		}
	}
	return -1
}

// holders are the processes, with a title of that beginning, that have the
// file open.
func holders(path, kind string) []int {
	var list []int
	for _, pid := range processes() {
		if strings.HasPrefix(title(pid), kind) && opened(pid, path) {
			list = append(list, pid)
		}
	}
	return list
}

// opened reports whether the process has a descriptor whose link reads so: a
// path, or "socket:[inode]".
func opened(pid int, link string) bool {
	links, err := filepath.Glob(procPath(pid, "fd/*"))
	if err != nil {
		return false
	}
	for _, l := range links {
		if target, err := os.Readlink(l); err == nil && target == link {
			return true
		}
	}
	return false
}

// quit tells orphaned workers to finish what they have and go.
func quit(pids []int) error {
	var errs []error
	for _, pid := range pids {
		if err := kill(pid, syscall.SIGQUIT); err != nil && !errors.Is(err, syscall.ESRCH) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
