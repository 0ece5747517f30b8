package nginx

import (
	"fmt"
	"os"
	osuser "os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"teal/internal/release"
)

// worker is whom an nginx's workers run as.
type worker struct {
	uid    int
	groups []int
}

// passable refuses a state root that nginx's workers can't get to: every test
// for a bucket would say no, and all clients stay on blue. It asks of the
// folders as this nginx sees them; one it doesn't see at all is another fault.
func (s server) passable(root string) error {
	w, ok := s.worker()
	if !ok || w.uid == 0 {
		return nil
	}
	for _, dir := range upward(root) {
		info, err := s.files.stat(dir)
		if err != nil || w.passes(info) {
			continue
		}
		here := dir
		if s.box != nil && s.box.outside(dir) != "" {
			here = s.box.outside(dir)
		}
		return &release.Error{
			Code: release.Invalid,
			What: fmt.Sprintf("the workers of the %s, who run as %s, can't pass through %s (mode %04o) to teal's state", s.name, s.called(w), dir, info.Mode().Perm()),
			Next: "chmod o+x " + here + ", or put TEAL_STATE_DIR elsewhere",
		}
	}
	return nil
}

// upward are the folder and all above it, the uppermost first.
func upward(dir string) []string {
	list := []string{dir}
	for dir != "/" {
		dir = filepath.Dir(dir)
		list = append(list, dir)
	}
	slices.Reverse(list)
	return list
}

// worker is told by a worker that runs. Before its first start, teal's own
// nginx will have those that teal gives it.
func (s server) worker() (worker, bool) {
	if m, ok := s.running(); ok {
		for _, pid := range m.workers() {
			if w, ok := workerOf(pid); ok {
				return w, true
			}
		}
		return worker{}, false
	}
	if s.proxy.Kind != release.ProxyStandalone || os.Geteuid() != 0 {
		return worker{}, false // the workers are who we are
	}
	u, err := osuser.Lookup(workerUser())
	if err != nil {
		return worker{}, false
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	return worker{uid, []int{gid}}, err1 == nil && err2 == nil
}

// workerOf reads the effective IDs and the groups of a process, proc(5).
func workerOf(pid int) (worker, bool) {
	w := worker{uid: user(pid)}
	text, err := os.ReadFile(procPath(pid, "status"))
	if err != nil || w.uid < 0 {
		return worker{}, false
	}
	for line := range strings.Lines(string(text)) {
		switch fields := strings.Fields(line); {
		case len(fields) > 2 && fields[0] == "Gid:":
			w.groups = append(w.groups, numbers(fields[2:3])...)
		case len(fields) > 1 && fields[0] == "Groups:":
			w.groups = append(w.groups, numbers(fields[1:])...)
		}
	}
	return w, true
}

// passes reports whether the folder lets the user through. As the kernel has
// it, only one of the three triples counts: the first that is about him.
func (w worker) passes(info os.FileInfo) bool {
	uid, gid := ownership(info)
	switch mode := info.Mode().Perm(); {
	case uid == w.uid:
		return mode&0o100 != 0
	case slices.Contains(w.groups, gid):
		return mode&0o010 != 0
	default:
		return mode&0o001 != 0
	}
}

// called is the user's name. A container has names of its own.
func (s server) called(w worker) string {
	if u, err := osuser.LookupId(strconv.Itoa(w.uid)); err == nil && s.box == nil {
		return u.Username
	}
	return fmt.Sprintf("uid %d", w.uid)
}
