//go:build linux

package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Stop ends it as a service manager does and waits. With live restore its
// containers live on, without it stops them.
func (e *Engine) Stop() error { return e.signal(syscall.SIGTERM) }

// Kill ends it at once. Its containerd ends with it: dockerd asks the kernel
// for that. The containers live on.
func (e *Engine) Kill() error { return e.signal(syscall.SIGKILL) }

func (e *Engine) signal(s syscall.Signal) error {
	if err := e.Signal(s); err != nil {
		return err
	}
	return e.Wait()
}

// Signal sends dockerd a signal and doesn't wait. Wait has to follow one that
// ends it.
func (e *Engine) Signal(s syscall.Signal) error {
	if e.daemon == nil {
		return errors.New("the engine is down already")
	}
	return e.daemon.Process.Signal(s)
}

// Wait waits for the end of dockerd, and of the containerd that it started.
func (e *Engine) Wait() error {
	select {
	case <-e.ended: // its exit status is the signal's
		e.daemon = nil
	case <-time.After(endWithin):
		return fmt.Errorf("dockerd does not end within %s\n%s", endWithin, e.Log(2000))
	}
	if err := poll(endWithin, "containerd ends", func() bool { return len(e.processes("containerd")) == 0 }); err != nil {
		return err
	}
	// Until init has asked after it, the next dockerd takes it for alive.
	return os.RemoveAll(e.path("exec/containerd/containerd.pid"))
}

// KillAll is what a reset of the machine does to it: dockerd, containerd, the
// shims and every process in a container are killed, and what only the kernel
// knew (mounts, network namespaces, bridges, control groups) is gone. What is
// on its disk stays.
func (e *Engine) KillAll() error {
	err := poll(endWithin, "all processes end", func() bool {
		all := e.processes("")
		for _, pid := range all {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended since it was found
		}
		return len(all) == 0
	})
	if e.daemon != nil {
		<-e.ended
		e.daemon = nil
	}
	if e.place != nil {
		err = errors.Join(err, e.place.do(e.unbridge))
		e.place.leave()
		e.place = nil
	}
	return errors.Join(err, e.ungroup(), os.RemoveAll(e.path("exec")))
}

// Close ends it and takes away all that it made.
func (e *Engine) Close() error {
	return errors.Join(e.KillAll(), os.RemoveAll(e.root))
}

// Processes are dockerd, containerd and the shims of containers that run, not
// what runs in the containers.
func (e *Engine) Processes() []int {
	return slices.DeleteFunc(e.processes(""), func(pid int) bool {
		return !named(read(fmt.Sprintf("/proc/%d", pid), "cmdline"), e.root)
	})
}

// processes are its own, first those that start others: all whose program has
// the given name, or all of it. Dead ones that nobody has asked after yet are
// left out.
func (e *Engine) processes(program string) []int {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil
	}
	var first, others []int
	for _, dir := range dirs {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil || pid == os.Getpid() {
			continue
		}
		switch args := read(dir, "cmdline"); {
		case args == "":
		case program != "" && filepath.Base(strings.SplitN(args, "\x00", 2)[0]) != program:
		case named(args, e.root):
			first = append(first, pid)
		case program == "" && named(read(dir, "cgroup"), e.group()):
			others = append(others, pid)
		}
	}
	return append(first, others...)
}

// named reports whether a path in the text is the given one or below it.
func named(text, path string) bool {
	for {
		_, rest, found := strings.Cut(text, path)
		if found && (rest == "" || strings.ContainsAny(rest[:1], "/\n\x00")) {
			return true
		}
		if !found {
			return false
		}
		text = rest
	}
}

func read(dir, name string) string {
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return ""
	}
	return string(b)
}

// networkID is the key of a bridge network in libnetwork's database. One that
// was removed may still stand there; its bridge is gone.
var networkID = regexp.MustCompile(`docker/network/v1\.0/bridge/([0-9a-f]{12})[0-9a-f]{52}`)

// unbridge removes the bridges of its networks, whose names Docker makes of
// their IDs.
func (e *Engine) unbridge() error {
	text := read(e.path("data"), "network/files/local-kv.db")
	seen := map[string]bool{}
	errs := []error{removeBridge(e.bridge())}
	for _, m := range networkID.FindAllStringSubmatch(text, -1) {
		if name := "br-" + m[1]; !seen[name] {
			seen[name] = true
			errs = append(errs, removeBridge(name))
		}
	}
	return errors.Join(errs...)
}

// poll asks until something is so.
func poll(limit time.Duration, what string, done func() bool) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(limit); !done(); {
		select {
		case <-end:
			return fmt.Errorf("not within %s: %s", limit, what)
		case <-tick.C:
		}
	}
	return nil
}
