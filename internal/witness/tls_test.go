package witness

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"
)

func secured(b *ledger, groups ...Group) Load {
	return Load{Target: b.addr, TLS: true, Host: "voda.example", Timeout: time.Minute, Groups: groups}
}

func TestTheCountsEqualTheServersBooksOverTLS(t *testing.T) {
	deeds := []deed{answers, echoes, resets, echoes, hangsUp, closes, answers, halves, says502, answers, says404}
	b := serveOver(t, true, func(n int) deed { return deeds[n%len(deeds)] })
	w := runLoad(t, b, 500, secured(b, getsAndPosts(4)...))

	equal(t, "sent", w.Sent, b.nothingTwice())
	equal(t, "answered", w.Answered, b.count(answers, echoes, closes, says404))
	equal(t, "failed", w.Failed, b.count(says502))
	equal(t, "reset", w.Reset, b.count(resets, hangsUp, halves))
}

func TestACloseThatHasArrivedLosesNothingOverTLS(t *testing.T) {
	b := serveOver(t, true, func(int) deed { return leaves })
	r := &Running{load: secured(b).withDefaults(), tally: newTally(), hard: t.Context(), soft: t.Context()}
	c := &client{Running: r, group: Group{Kind: Get}.withDefaults()}
	defer c.hangUp()
	for range 20 {
		c.once("/")
		until(t, "the close arrives", func() bool { return c.conn == nil || c.conn.spoke() })
	}
	w := r.tally.witnessed()
	equal(t, "answered", w.Answered, 20)
	equal(t, "lost", w.Lost(), 0)
}

func TestASlowUploadOverTLSArrivesWhole(t *testing.T) {
	b := serveOver(t, true, func(int) deed { return echoes })
	w := runLoad(t, b, 2, secured(b, Group{Kind: Upload, Size: 100_000, Over: 200 * time.Millisecond}))
	equal(t, "answered", w.Answered, b.nothingTwice())
	for _, size := range b.sizes {
		equal(t, "size", int(size), 100_000)
	}
}

func TestAnEarlyAnswerToAnUploadOverTLSIsAnAnswer(t *testing.T) {
	b := serveOver(t, true, func(int) deed { return interrupts })
	w := runLoad(t, b, 3, secured(b, Group{Kind: Upload, Size: 50_000, Over: 300 * time.Millisecond}))
	equal(t, "answered", w.Answered, b.nothingTwice())
}

func TestAConnectionIsUsedAgainOverTLS(t *testing.T) {
	b := serveOver(t, true, func(int) deed { return echoes })
	w := runLoad(t, b, 50, secured(b, getsAndPosts(2)...))
	equal(t, "answered", w.Answered, b.nothingTwice())
	if b.accepted > 4 {
		t.Errorf("%d connections for 4 clients", b.accepted)
	}
}

// Whoever would resume sessions is sent tickets unasked. What TLS says for
// itself is neither a close nor an early answer.
func TestATicketIsNoWordOfTheServers(t *testing.T) {
	config := certified().Clone()
	config.ClientAuth = tls.RequestClientCert // then the ticket comes after the handshake
	l, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	served := make(chan net.Conn, 1)
	go func() {
		if s, err := l.Accept(); err == nil {
			s.(*tls.Conn).Handshake()
			served <- s
		}
	}()
	raw, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	resuming := tls.Client(raw, &tls.Config{InsecureSkipVerify: true, ServerName: "voda.example", ClientSessionCache: tls.NewLRUClientSessionCache(1)})
	if err := resuming.Handshake(); err != nil {
		t.Fatal(err)
	}
	c := &conn{Conn: resuming, raw: raw, in: bufio.NewReader(resuming), unhook: func() bool { return true }}
	defer c.Close()
	until(t, "a ticket", func() bool { return !errors.Is(c.peek(), syscall.EAGAIN) })
	until(t, "it is read", c.usable)
	(<-served).Close()
	until(t, "the close", c.spoke)
}

// TLS says that it closes before the socket ends. Read once, that must be
// known for good, however late the end comes.
func TestTheWordThatTLSClosesIsNotForgotten(t *testing.T) {
	l, err := tls.Listen("tcp", "127.0.0.1:0", certified())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	served := make(chan *tls.Conn, 1)
	go func() {
		if s, err := l.Accept(); err == nil {
			s.(*tls.Conn).Handshake()
			served <- s.(*tls.Conn)
		}
	}()
	r := &Running{load: Load{Target: l.Addr().String(), TLS: true, Host: "voda.example"}.withDefaults(), hard: t.Context()}
	c, err := r.dial()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s := <-served
	defer s.Close()
	if !c.usable() {
		t.Error("a new connection can't be used")
	}
	if err := s.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	until(t, "the word arrives", c.spoke)
	if c.usable() {
		t.Error("it is used once more")
	}
}

func TestAHandshakeThatFailsIsARefusal(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
			c.Close()
		}
	}()
	r := Start(t.Context(), Load{Target: l.Addr().String(), TLS: true, Groups: []Group{{Kind: Get}}})
	until(t, "a request", func() bool { return r.soFar().Sent > 0 })
	w := r.Stop()
	addsUp(t, w)
	equal(t, "refused", w.Refused, w.Sent)
	if !strings.Contains(w.First, "get /: TLS handshake: ") {
		t.Errorf("first failure: %s", w.First)
	}
}

func TestTheHandshakeNamesTheSiteAndAsksForHTTP1(t *testing.T) {
	asked := make(chan *tls.ClientHelloInfo, 1)
	config := certified().Clone()
	config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		asked <- hello
		return nil, nil
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if c, err := l.Accept(); err == nil {
			c.(*tls.Conn).Handshake()
			c.Close()
		}
	}()
	raw, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	c, err := shaken(context.Background(), raw, "voda.example:8443")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	hello := <-asked
	if hello.ServerName != "voda.example" || strings.Join(hello.SupportedProtos, " ") != "http/1.1" {
		t.Errorf("asks for %q over %v", hello.ServerName, hello.SupportedProtos)
	}
	for _, version := range hello.SupportedVersions {
		if version < tls.VersionTLS12 {
			t.Errorf("offers TLS version %x", version)
		}
	}
}
