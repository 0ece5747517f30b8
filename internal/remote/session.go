package remote

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"

	"teal/internal/release"
)

// Session is one command of the other teal.
type Session struct {
	Host   Host
	Args   []string // teal's, without the program
	Env    []string // NAME=VALUE for the other side
	Config string   // ssh's configuration file; "" for the usual ones
	// Terminal gives the other teal a terminal, this process' own: live
	// steps, questions and Ctrl-C work as they do there. A terminal echoes
	// what it is sent, so Env can't go with it.
	Terminal bool
	In       io.Reader // with a terminal
	Out, Err io.Writer
}

// The exit codes that are ssh's or the shell's and never teal's.
const (
	codeShell = 127 // no such program
	codeSSH   = 255 // ssh failed, or the program was killed
)

// Run runs the command and returns its exit code. The first interrupt is told
// to the other teal, which undoes what it began; the second ends ssh, and the
// other teal goes on undoing.
func (s Session) Run() (int, error) {
	path, err := exec.LookPath("ssh")
	if err != nil {
		return 0, &release.Error{Code: release.Unreachable, What: "there is no ssh program here", State: "nothing was done", Next: "install OpenSSH's client (Debian, Ubuntu: apt-get install openssh-client)", Err: err}
	}
	c := call{Session: s, cmd: exec.Command(path, s.argv()...), out: stream{to: s.Out}, errs: stream{to: s.Err}}
	c.cmd.Stdout, c.cmd.Stderr = &c.out, &c.errs
	signals := make(chan os.Signal, 2)
	defer signal.Stop(signals)
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, syscall.SIGPIPE) // else writing for a reader that is gone would end us
	defer signal.Stop(broken)
	tell, err := c.start(signals)
	if err != nil {
		return 0, fmt.Errorf("start ssh: %w", err)
	}
	done := make(chan error, 1)
	go func() { done <- c.cmd.Wait() }()
	return c.follow(tell, signals, done)
}

// call is a session while it runs.
type call struct {
	Session
	cmd       *exec.Cmd
	out, errs stream
}

// argv are ssh's arguments. After -- nothing can be an option.
func (s Session) argv() []string {
	args := []string{"-T"}
	words := append([]string{"teal", Attached}, s.Args...)
	if s.Terminal {
		args = []string{"-tt", "-o", "LogLevel=ERROR"} // else it tells that it closed the connection
		words = append([]string{"teal"}, s.Args...)
	}
	if s.Config != "" {
		args = append(args, "-F", s.Config)
	}
	if s.Host.Port != 0 {
		args = append(args, "-p", strconv.Itoa(s.Host.Port))
	}
	if s.Host.User != "" {
		args = append(args, "-l", s.Host.User)
	}
	return append(args, "--", s.Host.Name, command(words))
}

// start starts ssh and returns how to tell the other teal of an interrupt.
func (c *call) start(signals chan os.Signal) (tell func() error, err error) {
	if c.Terminal {
		c.cmd.Stdin = c.In
		signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
		// ssh has the terminal: Ctrl-C is a byte that it passes on.
		return func() error { return nil }, c.cmd.Start()
	}
	line, err := order{c.Env}.line()
	if err != nil {
		return nil, err
	}
	in, err := c.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	// A Ctrl-C goes to every process of the terminal's; ssh must outlive it to
	// pass it on.
	if err := startShielded(c.cmd); err != nil {
		return nil, err
	}
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	written := make(chan error, 1)
	go func() {
		_, err := in.Write(line)
		written <- err
	}()
	return func() error {
		if err := <-written; err != nil {
			return err
		}
		_, err := io.WriteString(in, interruptLine)
		written <- err
		return err
	}, nil
}

func (c *call) follow(tell func() error, signals <-chan os.Signal, done <-chan error) (int, error) {
	interrupted := 0
	for {
		select {
		case err := <-done:
			return c.outcome(err, interrupted > 0)
		case <-signals:
			interrupted++
			if interrupted > 1 || c.Terminal {
				c.end()
				continue
			}
			// If it can't be told, the connection is gone, and done is near.
			go func() { _ = tell() }()
		}
	}
}

// end ends ssh, gently, since it has set the terminal to its needs. The other
// teal sees its input, or its terminal, end.
func (c *call) end() {
	if c.cmd.Process.Signal(syscall.SIGTERM) != nil {
		_ = c.cmd.Process.Kill() // Windows; or it has ended by itself
	}
}

// outcome turns ssh's end into teal's.
func (c *call) outcome(err error, interrupted bool) (int, error) {
	if c.cmd.ProcessState == nil {
		return 0, fmt.Errorf("wait for ssh: %w", err)
	}
	code := c.cmd.ProcessState.ExitCode() // below 0: ssh was killed
	switch {
	case interrupted && (code < 0 || code == codeSSH):
		return 0, c.parted()
	case code < 0 || code == codeSSH:
		return 0, c.broken(c.out.String(), c.errs.String())
	case code == codeShell:
		return 0, c.absent()
	}
	return code, nil
}
