package nginx

import (
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// busy takes no connection before it is open, as an application whose only
// thread does something else.
type busy struct {
	net.Listener
	open chan struct{}
}

func (b busy) Accept() (net.Conn, error) {
	<-b.open
	return b.Listener.Accept()
}

// backlog is how many connections the kernel holds for the application. What
// is beyond it is dropped, and asked for again by nginx's kernel a second
// later (tcp(7), RFC 6298 section 2).
const backlog = 16

func TestAnApplicationThatIsBusyForAMomentLosesNoRequest(t *testing.T) {
	s := open(t)
	s.must(errors.Join(s.blue.server.Close(), s.green.server.Close()))
	l, err := net.Listen("tcp", s.blue.at.String())
	s.must(err)
	raw, err := l.(*net.TCPListener).SyscallConn()
	s.must(err)
	s.must(raw.Control(func(fd uintptr) { err = syscall.Listen(int(fd), backlog) }))
	s.must(err)
	b := busy{l, make(chan struct{})}
	server := &http.Server{Handler: http.HandlerFunc(s.blue.serve)}
	go server.Serve(b)
	t.Cleanup(func() { _ = server.Close() })
	time.AfterFunc(400*time.Millisecond, func() { close(b.open) })
	const requests = backlog + backlog/2
	var lost atomic.Int32
	var all sync.WaitGroup
	for range requests {
		all.Go(func() {
			resp, err := http.DefaultClient.Do(s.request("POST", "/color", nil))
			if err != nil || resp.StatusCode != http.StatusOK {
				lost.Add(1)
			}
		})
	}
	all.Wait()
	if n := lost.Load(); n > 0 {
		t.Errorf("%d of %d requests were lost", n, requests)
	}
}
