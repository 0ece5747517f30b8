package probe

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"
	"time"

	"teal/internal/release"
)

// connectLimit bounds one connection attempt. It is far below the kernel's
// first SYN retransmission (1 s), so a dropped SYN costs a fresh attempt
// rather than a second of not noticing that the replica is ready.
const connectLimit = 250 * time.Millisecond

// tcpQuestion is good when a connection is accepted.
type tcpQuestion struct {
	addr string
	need int
	each time.Duration
}

func newTCP(t release.Target) *tcpQuestion {
	return &tcpQuestion{addr: addrFor(t), need: t.Health.Answers, each: t.Health.Request}
}

func addrFor(t release.Target) string {
	return netip.AddrPortFrom(t.Addr.Addr(), portFor(t)).String()
}

func (q *tcpQuestion) answers() int                     { return q.need }
func (q *tcpQuestion) pace(time.Duration) time.Duration { return poll }
func (q *tcpQuestion) subject() string                  { return "tcp " + q.addr }

func (q *tcpQuestion) ask(ctx context.Context) answer {
	conn, err := dialer(q.each).DialContext(ctx, "tcp", q.addr)
	if err != nil {
		return connectionAnswer(err, q.addr, q.subject(), min(q.each, connectLimit))
	}
	conn.Close()
	return answer{good: true}
}

func dialer(each time.Duration) *net.Dialer {
	return &net.Dialer{Timeout: min(each, connectLimit), KeepAlive: -1}
}

// connectionAnswer says what a failed connection or exchange means.
func connectionAnswer(err error, addr, subject string, waited time.Duration) answer {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return answer{fault: refused, text: "connection refused on " + addr}
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return answer{fault: unreachable, text: "no route to " + addr}
	case isTimeout(err):
		return answer{fault: silent, text: subject + " did not answer in " + limit(waited)}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return answer{fault: broken, text: subject + " closed the connection without an answer"}
	}
	return answer{fault: garbled, text: subject + ": " + printable(err.Error(), shown)}
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || (errors.As(err, &t) && t.Timeout())
}
