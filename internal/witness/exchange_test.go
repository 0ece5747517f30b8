package witness

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"teal/internal/release"
)

// run sends the load until the server has read n requests.
func run(t *testing.T, b *ledger, n int, timeout time.Duration, groups ...Group) release.Witnessed {
	t.Helper()
	return runLoad(t, b, n, Load{Target: b.addr, Timeout: timeout, Groups: groups})
}

func runLoad(t *testing.T, b *ledger, n int, load Load) release.Witnessed {
	t.Helper()
	r := Start(t.Context(), load)
	for range n {
		<-b.began
	}
	w := r.Stop()
	t.Logf("%+v", w)
	addsUp(t, w)
	return w
}

func getsAndPosts(count int) []Group {
	return []Group{{Kind: Get, Count: count}, {Kind: Post, Count: count}}
}

// The heart of the matter: what the server did with each request it read is
// exactly what the witness says became of it, and nothing was sent twice.
func TestTheCountsEqualTheServersBooks(t *testing.T) {
	deeds := []deed{answers, echoes, resets, echoes, hangsUp, closes, answers, halves, says502, answers, says404}
	b := serve(t, func(n int) deed { return deeds[n%len(deeds)] })
	w := run(t, b, 2000, time.Minute, getsAndPosts(4)...)

	equal(t, "sent", w.Sent, b.nothingTwice())
	equal(t, "answered", w.Answered, b.count(answers, echoes, closes, says404))
	equal(t, "failed", w.Failed, b.count(says502))
	equal(t, "reset", w.Reset, b.count(resets, hangsUp, halves))
	equal(t, "lost", w.Lost(), b.count(says502, resets, hangsUp, halves))
	equal(t, "blue", w.ByColor[release.Blue], b.count(answers))
	equal(t, "green", w.ByColor[release.Green], b.count(echoes))
	if w.P50 <= 0 || w.P50 > w.P99 || w.P99 > w.Max {
		t.Errorf("latencies %v %v %v", w.P50, w.P99, w.Max)
	}
}

// A server that closes right after an answer races with the next request. No
// request may be lost in silence: those the server never read are resets.
func TestACloseAtABadMomentIsCountedAndNotRetried(t *testing.T) {
	b := serve(t, func(n int) deed {
		if n%3 == 2 {
			return leaves
		}
		return answers
	})
	w := run(t, b, 1000, time.Minute, getsAndPosts(2)...)
	read := b.nothingTwice()
	equal(t, "answered", w.Answered, read)
	equal(t, "reset", w.Reset, w.Sent-read)
	if w.Reset > b.count(leaves) {
		t.Errorf("%d resets from %d closes", w.Reset, b.count(leaves))
	}
}

// A close that has arrived before the next request is sent loses nothing: the
// client sees it and opens another connection.
func TestACloseThatHasArrivedLosesNothing(t *testing.T) {
	b := serve(t, func(int) deed { return leaves })
	r := &Running{load: Load{Target: b.addr}.withDefaults(), tally: newTally(), hard: t.Context(), soft: t.Context()}
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

func TestAnAnswerThatNeverComesIsATimeout(t *testing.T) {
	b := serve(t, func(n int) deed {
		if n == 1 {
			return mutes
		}
		return answers
	})
	w := run(t, b, 4, 100*time.Millisecond, Group{Kind: Get})
	equal(t, "timeout", w.Timeout, 1)
	equal(t, "sent", w.Sent, b.nothingTwice())
	if !strings.Contains(w.First, "get /: no answer in time") || !strings.Contains(w.First, "with 1 answers (local port ") {
		t.Errorf("first failure: %s", w.First)
	}
}

func TestAConnectionThatCantBeMadeIsRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	r := Start(t.Context(), Load{Target: l.Addr().String(), Groups: getsAndPosts(1)})
	until(t, "two requests", func() bool { return r.soFar().Sent >= 2 })
	w := r.Stop()
	addsUp(t, w)
	equal(t, "refused", w.Refused, w.Sent)
	if !strings.HasSuffix(w.First, "/: connection refused") {
		t.Errorf("first failure: %s", w.First)
	}
}

func TestTheAnswerOfAnotherRequestIsAFailure(t *testing.T) {
	b := serve(t, func(n int) deed {
		if n%2 == 1 {
			return confuses
		}
		return echoes
	})
	w := run(t, b, 10, time.Minute, Group{Kind: Post})
	equal(t, "failed", w.Failed, b.count(confuses))
	equal(t, "answered", w.Answered, b.count(echoes))
	if !strings.Contains(w.First, "got the answer of another request") {
		t.Errorf("first failure: %s", w.First)
	}
}

func TestASlowUploadTakesItsTimeAndArrivesWhole(t *testing.T) {
	b := serve(t, func(int) deed { return echoes })
	began := time.Now()
	w := run(t, b, 2, time.Minute, Group{Kind: Upload, Size: 100_000, Over: 200 * time.Millisecond})
	if took := time.Since(began); took < 200*time.Millisecond {
		t.Errorf("the first upload took %s", took)
	}
	equal(t, "answered", w.Answered, b.nothingTwice())
	for _, size := range b.sizes {
		equal(t, "size", int(size), 100_000)
	}
	if w.Max != 0 {
		t.Error("an upload is among the latencies")
	}
}

func TestAnUploadUnderWayEndsSoonAndWholeWhenStopped(t *testing.T) {
	b := serve(t, func(int) deed { return answers })
	w := run(t, b, 1, time.Minute, Group{Kind: Upload, Size: 50_000, Over: time.Hour})
	equal(t, "answered", w.Answered, 1)
	if len(b.sizes) != 1 || b.sizes[0] != 50_000 {
		t.Errorf("sizes %v", b.sizes)
	}
}

func TestAnEarlyAnswerToAnUploadIsAnAnswer(t *testing.T) {
	b := serve(t, func(int) deed { return interrupts })
	w := run(t, b, 3, time.Minute, Group{Kind: Upload, Size: 50_000, Over: 300 * time.Millisecond})
	equal(t, "answered", w.Answered, b.nothingTwice())
	equal(t, "lost", w.Lost(), 0)
}

func TestAnUploadBrokenOffIsAReset(t *testing.T) {
	b := serve(t, func(int) deed { return breaksOff })
	w := run(t, b, 3, time.Minute, Group{Kind: Upload, Size: 50_000, Over: 300 * time.Millisecond})
	equal(t, "reset", w.Reset, b.nothingTwice())
}

func TestARequestUsesTheConnectionOfTheLast(t *testing.T) {
	b := serve(t, func(int) deed { return echoes })
	w := run(t, b, 50, time.Minute, getsAndPosts(2)...)
	equal(t, "answered", w.Answered, b.nothingTwice())
	if b.accepted > 4 {
		t.Errorf("%d connections for 4 clients", b.accepted)
	}
}

func TestTheEndOfTheContextEndsTheLoad(t *testing.T) {
	b := serve(t, func(int) deed { return answers })
	ctx, cancel := context.WithCancel(t.Context())
	r := Start(ctx, Load{Target: b.addr, Groups: getsAndPosts(2)})
	<-b.began
	cancel()
	r.clients.Wait()
	w := r.Stop()
	addsUp(t, w)
	equal(t, "answered", w.Answered, b.nothingTwice())
}

func TestARateIsKeptWithoutMakingUpForSlowAnswers(t *testing.T) {
	start := time.Unix(1000, 0)
	p := newPace(Group{Every: time.Second, Count: 4}, 1, start)
	at := func(now time.Duration) time.Duration {
		p.advance(start.Add(now))
		return p.due.Sub(start)
	}
	for _, step := range []struct{ now, due time.Duration }{
		{0, 250 * time.Millisecond},
		{300 * time.Millisecond, 1250 * time.Millisecond},
		{1300 * time.Millisecond, 2250 * time.Millisecond},
		{5 * time.Second, 5250 * time.Millisecond},
	} {
		if due := at(step.now); due != step.due {
			t.Errorf("at %s due %s, want %s", step.now, due, step.due)
		}
	}
}
