package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"teal/bench/pinned"
)

// anyCore is for programs that may run on every processor.
const anyCore = -1

// proc is a program that runs in the foreground until it is stopped.
type proc struct {
	cmd   *exec.Cmd
	log   string // file of what it says
	ended chan struct{}
}

// command is a program's, on one processor alone or on any.
func command(ctx context.Context, core int, name string, args ...string) *exec.Cmd {
	if core == anyCore {
		return exec.CommandContext(ctx, name, args...)
	}
	return pinned.On(ctx, core, name, args...)
}

// launch starts a program; its output goes to a file beside its own files.
func launch(cmd *exec.Cmd, log string) (*proc, error) {
	out, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &proc{cmd: cmd, log: log, ended: make(chan struct{})}
	go func() {
		// Why it ended is in its log; that it did is seen by who asks it.
		_ = cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

func (p *proc) pid() int { return p.cmd.Process.Pid }

// said is the end of its log, for an error.
func (p *proc) said() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(len(text)-2000, 0):])
}

// stopWithin is how long a program may take to end.
const stopWithin = 10 * time.Second

// stop ends it, and kills it if it won't.
func (p *proc) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.ended:
		return nil
	case <-time.After(stopWithin):
	}
	err := p.cmd.Process.Kill()
	<-p.ended
	return errors.Join(fmt.Errorf("%s did not end within %s", p.cmd.Path, stopWithin), err)
}

// family is the program and all its descendants.
func (p *proc) family() []int { return family(p.pid()) }

func family(pid int) []int {
	all := []int{pid}
	for _, child := range pinned.Children(pid) {
		all = append(all, family(child)...)
	}
	return all
}

// spent is the processor time that the programs and all their descendants have
// had. One that ended meanwhile would be missed, so nothing is reloaded while
// cost is measured.
func spent(procs []*proc) (time.Duration, error) {
	var pids []int
	for _, p := range procs {
		pids = append(pids, p.family()...)
	}
	return pinned.Spent(pids...)
}
