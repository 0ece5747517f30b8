//go:build linux

package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"syscall"
)

// place is a mount namespace, held by a thread that lives in it. What is
// mounted there goes with the last process of it, however that ends.
type place struct {
	work chan func()
}

// enter makes a place whose /run/containerd is its own, so that no containerd
// of the machine is taken and no socket is left there. With a disk of so many
// bytes, the data folder is one.
func enter(data string, disk int64) (*place, error) {
	p := &place{work: make(chan func())}
	go p.live()
	err := p.do(func() error {
		if err := apart(); err != nil {
			return err
		}
		if disk == 0 {
			return nil
		}
		return syscall.Mount("tmpfs", data, "tmpfs", 0, fmt.Sprintf("size=%d,mode=711", disk))
	})
	if err != nil {
		p.leave()
		return nil, err
	}
	return p, nil
}

// live keeps its thread to itself and never gives it back, so the runtime ends
// the thread with it.
func (p *place) live() {
	runtime.LockOSThread()
	for job := range p.work {
		job()
	}
}

// do runs something in the place; a process that it starts stays there.
func (p *place) do(job func() error) error {
	result := make(chan error, 1)
	p.work <- func() { result <- job() }
	return <-result
}

func (p *place) leave() { close(p.work) }

func apart() error {
	if err := syscall.Unshare(syscall.CLONE_NEWNS); err != nil {
		return err
	}
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := os.MkdirAll("/run/containerd", 0o711); err != nil {
		return err
	}
	return syscall.Mount("tmpfs", "/run/containerd", "tmpfs", 0, "mode=711")
}

// group is the control group of its containers, which no other engine has.
func (e *Engine) group() string { return "/" + e.root[strings.LastIndexByte(e.root, '/')+1:] }

// groups are the folders of that group, in each hierarchy that is mounted.
func (e *Engine) groups() ([]string, error) {
	text, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return nil, err
	}
	var dirs []string
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 2 && (f[2] == "cgroup" || f[2] == "cgroup2") {
			dirs = append(dirs, f[1]+e.group())
		}
	}
	return dirs, nil
}

// ungroup removes the folders of a control group that is empty.
func (e *Engine) ungroup() error {
	dirs, err := e.groups()
	for _, dir := range dirs {
		err = errors.Join(err, removeGroup(dir))
	}
	return err
}

// removeGroup removes inner folders first; the files in one go with it.
func removeGroup(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, entry := range entries {
		if entry.IsDir() {
			err = errors.Join(err, removeGroup(dir+"/"+entry.Name()))
		}
	}
	return errors.Join(err, syscall.Rmdir(dir))
}
