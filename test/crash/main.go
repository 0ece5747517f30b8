// Command crash is teal with one difference: it is killed with SIGKILL right
// after the journal write whose number TEAL_TEST_DIE_AT gives, or right before
// it with a minus sign. Where TEAL_TEST_FILL names a folder it isn't killed: its
// disk is filled up at that moment. It wires the real command line, so what
// dies is what people run.
package main

import (
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"teal/internal/cli"
	"teal/internal/deploy"
	"teal/internal/release"
)

func main() {
	at, err := strconv.Atoi(os.Getenv("TEAL_TEST_DIE_AT"))
	if err != nil {
		os.Stderr.WriteString("crash: TEAL_TEST_DIE_AT is not a number\n")
		os.Exit(1)
	}
	os.Exit(cli.Run(cli.Env{
		Args: os.Args[1:], Version: "crash", Getenv: os.Getenv, In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		Journal: func(j deploy.Journal) deploy.Journal { return &mortal{Journal: j, at: at, hit: fate()} },
	}))
}

// mortal is hit at one of its writes.
type mortal struct {
	deploy.Journal
	at, n int
	hit   func()
}

// around does a write, or doesn't live to do it, or to tell.
func (m *mortal) around(write func() error) error {
	m.n++
	if m.n == -m.at {
		m.hit()
	}
	err := write()
	if m.n == m.at {
		m.hit()
	}
	return err
}

// fate is what happens at the write.
func fate() func() {
	folder := os.Getenv("TEAL_TEST_FILL")
	if folder == "" {
		return die
	}
	return func() { fill(folder) }
}

// fill leaves no room on the folder's disk.
func fill(folder string) {
	f, err := os.Create(filepath.Join(folder, "full"))
	if err != nil {
		return
	}
	defer f.Close()
	for size := 1 << 16; size > 0; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
}

// die is kill -9: no deferred function, no signal handler, nothing runs after.
func die() {
	syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
	select {}
}

func (m *mortal) SaveNetwork(app string, net release.Network) error {
	return m.around(func() error { return m.Journal.SaveNetwork(app, net) })
}

func (m *mortal) Begin(d release.Deploy, rel *release.Release, steps []release.Step) (id int64, err error) {
	err = m.around(func() error {
		id, err = m.Journal.Begin(d, rel, steps)
		return err
	})
	return id, err
}

func (m *mortal) SaveSpec(spec release.Spec) error {
	return m.around(func() error { return m.Journal.SaveSpec(spec) })
}

func (m *mortal) Intent(id int64, n int, s release.Step) error {
	return m.around(func() error { return m.Journal.Intent(id, n, s) })
}

func (m *mortal) Result(id int64, n int, failure string) error {
	return m.around(func() error { return m.Journal.Result(id, n, failure) })
}

func (m *mortal) SetState(app string, number int, s release.State, c release.Color, reason string) error {
	return m.around(func() error { return m.Journal.SetState(app, number, s, c, reason) })
}

func (m *mortal) Prune(app string, keep []int) error {
	return m.around(func() error { return m.Journal.Prune(app, keep) })
}

func (m *mortal) End(id int64, o release.Outcome, r *release.Receipt) error {
	return m.around(func() error { return m.Journal.End(id, o, r) })
}

func (m *mortal) Forget(app string) error {
	return m.around(func() error { return m.Journal.Forget(app) })
}
