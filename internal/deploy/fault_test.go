package deploy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"syscall"
	"testing"

	"teal/internal/release"
)

// faults are what a machine says when it can't.
var faults = []error{
	&os.PathError{Op: "write", Path: "/var/lib/teal/live", Err: syscall.ENOSPC},
	&os.PathError{Op: "fsync", Path: "/var/lib/teal/live", Err: syscall.EIO},
	&os.PathError{Op: "open", Path: "/etc/nginx", Err: syscall.EROFS},
	&os.PathError{Op: "open", Path: "/proc/1/net/tcp", Err: syscall.EMFILE},
	context.DeadlineExceeded,
	errors.New("error response from daemon: 500 Internal Server Error"),
	fmt.Errorf("read unix @->/run/docker.sock: %w", io.ErrUnexpectedEOF),
	&release.Error{Code: release.Internal, What: "another process has been writing to the journal for 10 s"},
}

// ways are how a fault may come: once, before or after what it is about, or
// for as long as nobody mends it.
func ways(at int) []fault {
	list := []fault{{at: at}, {at: at, late: true}, {at: at, on: true}}
	for _, part := range []string{"docker", "nginx", "journal"} {
		list = append(list, fault{at: at, on: true, part: part})
	}
	return list
}

// TestAFaultAtAnyChangeOfAnyCommandIsToldAndMended lets each change of each
// command fail in each way. What a person is told says where the app stands
// and how to go on, clients are served as they were or by the other color, and
// once the fault is mended the next command leaves nothing of it.
func TestAFaultAtAnyChangeOfAnyCommandIsToldAndMended(t *testing.T) {
	var cases atomic.Int64
	t.Run("scenes", func(t *testing.T) {
		for _, s := range scenes {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				start := s.machine(t)
				for at := 1; at <= len(start.killed(s.do, s.app)); at++ {
					for i, f := range ways(at) {
						f.err = faults[(at+i)%len(faults)]
						if err := s.survives(start, f); err != nil {
							t.Fatalf("%+v: %v", f, err)
						}
						cases.Add(1)
					}
				}
			})
		}
	})
	t.Logf("%d faults", cases.Load())
}

// survives runs the scene's command with the fault, and once it is mended
// another deploy.
func (s scene) survives(start *machine, f fault) error {
	m := start.clone()
	m.fault = f
	m.events = nil
	err := m.run(s.do, s.app)
	if err != nil {
		if err := told(err); err != nil {
			return err
		}
	}
	if m.violation != nil {
		return fmt.Errorf("%w, it said %w: %v", m.violation, err, m.events)
	}
	if serves := m.serving(); err != nil && !m.gone && start.serving() != release.None && (serves == release.None || start.serving() == start.routed() && serves != m.routed()) {
		return fmt.Errorf("%q serves, %q is routed to; it said %w: %v", serves, m.routed(), err, m.events)
	}
	m.fault, m.failing = fault{}, 0
	clear(m.unhealthy)
	again := m.run(deployIt, s.app)
	return errors.Join(again, m.violation, m.sound(s.app))
}
