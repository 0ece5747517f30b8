package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"unsafe"
)

// terminal is a pseudo-terminal (pty(7)): what a person types at and sees.
type terminal struct {
	t      *testing.T
	person *os.File // the side of the person
	side   *os.File // the side of the program
	mu     sync.Mutex
	seen   strings.Builder
}

// The requests that make the program's side usable and name it (ioctl_tty(2)).
const (
	unlock = 0x40045431 // TIOCSPTLCK
	number = 0x80045430 // TIOCGPTN
)

func newTerminal(t *testing.T) *terminal {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	var zero, n int32
	for request, arg := range map[uintptr]*int32{unlock: &zero, number: &n} {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, person.Fd(), request, uintptr(unsafe.Pointer(arg))); errno != 0 {
			t.Fatal(errno)
		}
	}
	side, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{t: t, person: person, side: side}
	t.Cleanup(func() { person.Close(); side.Close() })
	go term.look()
	return term
}

func (x *terminal) look() {
	buf := make([]byte, 4096)
	for {
		n, err := x.person.Read(buf)
		x.mu.Lock()
		x.seen.Write(buf[:n])
		x.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// give makes the terminal the command's own.
func (x *terminal) give(cmd *exec.Cmd) {
	cmd.Stdin, cmd.Stdout, cmd.Stderr = x.side, x.side, x.side
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
}

func (x *terminal) types(keys string) {
	x.t.Helper()
	if _, err := x.person.WriteString(keys); err != nil {
		x.t.Fatal(err)
	}
}

// String is all that was on the screen.
func (x *terminal) String() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.seen.String()
}
