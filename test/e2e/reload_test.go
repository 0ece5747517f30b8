package e2e

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// reloads has an nginx's owner reload it, the plain way, and waits until the
// workers of before have gone: "nginx -s reload" ends when the signal is sent,
// and what comes later would be cut by a reload that is not teal's.
func (a *app) reloads(master int, reload func()) {
	a.t.Helper()
	old := children(a.t, master)
	reload()
	a.until("nginx has other workers", 20*time.Second, func() bool {
		now := children(a.t, master)
		return len(now) > 0 && !slices.ContainsFunc(now, func(pid int) bool { return slices.Contains(old, pid) })
	})
}

// masterOf is the process whose number a pid file holds.
func masterOf(t *testing.T, file string) int {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// children are the processes that a process started.
func children(t *testing.T, pid int) []int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		t.Fatal(err)
	}
	var list []int
	for word := range strings.FieldsSeq(string(text)) {
		id, err := strconv.Atoi(word)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, id)
	}
	return list
}
