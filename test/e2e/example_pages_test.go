package e2e

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// answer is what one request of a page came to: the release that answered it,
// sometime between the two moments.
type answer struct {
	sent, come time.Time
	path       string
	release    string
}

// look is one look at the shop: the page, what its script asks of both APIs,
// and the page once more, each after the answer before it.
type look [4]answer

// changes is how often the release is another one than an answer before.
func (p look) changes() int {
	n := 0
	for i := range p[1:] {
		if p[i].release != p[i+1].release {
			n++
		}
	}
	return n
}

func (p look) String() string {
	var text []string
	for _, a := range p {
		text = append(text, a.path+" "+a.release)
	}
	return strings.Join(text, ", ")
}

// readers read pages, one after the other, and keep what they read.
type readers struct {
	mu    sync.Mutex
	pages []look
	fault error
}

// read has four of them read until the returned function is called.
func (b *tiers) read(ctx context.Context) func() *readers {
	ctx, cancel := context.WithCancel(ctx)
	r := &readers{}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for ctx.Err() == nil {
				p, err := b.page(ctx)
				r.keep(ctx, p, err)
			}
		})
	}
	return func() *readers {
		cancel()
		all.Wait()
		return r
	}
}

func (b *tiers) page(ctx context.Context) (p look, err error) {
	for i, path := range append(tierPaths, "/") {
		p[i].path, p[i].sent = path, time.Now()
		_, p[i].release, err = b.ask(ctx, b.h1, http.MethodGet, "127.0.0.1", path, nil)
		p[i].come = time.Now()
		if err != nil {
			return p, err
		}
	}
	return p, nil
}

// keep forgets the page that was being read at the end.
func (r *readers) keep(ctx context.Context, p look, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case ctx.Err() != nil:
	case err != nil:
		r.fault = err
	default:
		r.pages = append(r.pages, p)
	}
}

// turn is a switch from one release to another: it comes after began.
type turn struct {
	began    time.Time
	from, to string
}

// torn is why the turn was not made at one instant by all tiers, "" if nothing
// speaks against it. nginx decides while a request is under way: whatever the
// old release answers was sent before that instant, and no answer of the new
// one has come before it. So none of the old may have been sent, on whatever
// path, after one of the new had come.
func (m turn) torn(answers []answer) string {
	var late, early answer // the last question to the old release, the first answer of the new
	for _, a := range answers {
		switch a.release {
		case m.from:
			if a.sent.After(late.sent) {
				late = a
			}
		case m.to:
			if early.come.IsZero() || a.come.Before(early.come) {
				early = a
			}
		default:
			return fmt.Sprintf("%s is answered by release %q", a.path, a.release)
		}
	}
	if late.sent.IsZero() || early.come.IsZero() {
		return "only one of the two releases was seen"
	}
	if late.sent.After(early.come) {
		return fmt.Sprintf("%s is answered by %s, %v after %s was by %s", late.path, m.from, late.sent.Sub(early.come), early.path, m.to)
	}
	return ""
}

// sawOneInstantEach checks what was read through the turns, given in their
// order, and tells how many pages were under way while one was made.
func (r *readers) sawOneInstantEach(t *testing.T, turns ...turn) {
	t.Helper()
	if r.fault != nil || len(r.pages) < 100 {
		t.Errorf("%d pages were read, %v", len(r.pages), r.fault)
	}
	straddling := 0
	for _, p := range r.pages {
		if p.changes() > 0 {
			straddling++
		}
		if p.changes() > 1 {
			t.Errorf("a page goes back and forth: %v", p)
		}
	}
	for i, m := range turns {
		var meanwhile []answer
		for _, p := range r.pages {
			for _, a := range p {
				if (i == 0 || a.sent.After(m.began)) && (i == len(turns)-1 || a.sent.Before(turns[i+1].began)) {
					meanwhile = append(meanwhile, a)
				}
			}
		}
		if why := m.torn(meanwhile); why != "" {
			t.Errorf("the switch from %s to %s: %s", m.from, m.to, why)
		}
	}
	t.Logf("%d pages read through %d switches, %d under way at one, 0 that met the old release after the new", len(r.pages), len(turns), straddling)
}

func TestAPageThatMeetsTheOldReleaseAfterTheNewIsFound(t *testing.T) {
	at := time.Unix(1_800_000_000, 0)
	read := func(releases string) (p look) {
		for i, release := range releases {
			p[i] = answer{sent: at.Add(time.Duration(10*i) * time.Millisecond), come: at.Add(time.Duration(10*i+9) * time.Millisecond), path: append(tierPaths, "/")[i], release: string(release)}
		}
		return p
	}
	turned := turn{began: at, from: "1", to: "2"}
	for _, bad := range []string{"1212", "1221", "1211", "2111", "1113", "1111", "2222"} {
		p := read(bad)
		if turned.torn(p[:]) == "" {
			t.Errorf("%s passes for one switch", bad)
		}
	}
	for _, good := range []string{"1112", "1122", "1222"} {
		p := read(good)
		if why := turned.torn(p[:]); why != "" || p.changes() != 1 {
			t.Errorf("%s, one switch: %s, %d changes", good, why, p.changes())
		}
	}
	if n := read("1212"); n.changes() != 3 {
		t.Errorf("%v has %d changes", n, n.changes())
	}
	// Two tiers that go over one after the other, as two readers see them.
	apart := slices.Concat([]answer{{at, at.Add(time.Millisecond), "/", "2"}}, []answer{{at.Add(2 * time.Millisecond), at.Add(3 * time.Millisecond), "/api/stock", "1"}})
	if turned.torn(apart) == "" {
		t.Error("a tier that comes later passes for one instant")
	}
}
