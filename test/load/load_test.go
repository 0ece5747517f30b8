package load

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// serve plays the application on this machine, plain and with TLS.
func serve(t *testing.T, h http.Handler) Load {
	t.Helper()
	plain, secure := httptest.NewServer(h), httptest.NewUnstartedServer(h)
	secure.EnableHTTP2 = true
	secure.StartTLS()
	t.Cleanup(func() { plain.Close(); secure.Close() })
	return Load{Plain: plain.Listener.Addr().String(), Secure: secure.Listener.Addr().String(), Host: "load.test"}
}

// every is each kind of client once or more.
func every() []Group {
	const soon = 200 * time.Millisecond
	return []Group{
		{Kind: Get, Clients: 2, Think: time.Millisecond}, {Kind: Get, Clients: 2, TLS: true, Think: time.Millisecond},
		{Kind: Post, Clients: 2, Think: time.Millisecond}, {Kind: Post, Rate: 200}, {Kind: Post, Rate: 100, TLS: true},
		{Kind: Pipelined, Clients: 2, Think: time.Millisecond}, {Kind: HTTP2, TLS: true, Clients: 10, Think: time.Millisecond},
		{Kind: Upload, Clients: 2, Size: 100_000, Over: soon}, {Kind: Fresh, Clients: 1, Think: 5 * time.Millisecond},
		{Kind: WebSocket, Clients: 2, Over: soon, Think: 5 * time.Millisecond}, {Kind: Events, Clients: 2, Over: soon}, {Kind: Chunks, Clients: 2, Over: soon},
	}
}

func TestEveryKindIsAnsweredAndInTheLedgerOnce(t *testing.T) {
	ledger := NewLedger()
	l := serve(t, App{Color: "blue", Keep: ledger.Keep}.Handler())
	l.Groups = every()
	running := Start(t.Context(), l)
	for end := time.Now().Add(20 * time.Second); answered(running) < 9 && time.Now().Before(end); {
		pause(t.Context(), 20*time.Millisecond)
	}
	report := running.Stop()
	if report.Lost() > 0 || len(report.Kinds) != 9 {
		t.Errorf("%s: %v", report, report.First)
	}
	for kind, counts := range report.Kinds {
		if counts[Answered] == 0 {
			t.Errorf("no %s was answered: %v", kind, counts)
		}
	}
	if audit := Compare(ledger, report); audit.Broken() > 0 || audit.IDs < 20 {
		t.Errorf("%s", audit)
	}
}

// answered is how many kinds have had an answer.
func answered(r *Running) (n int) {
	for _, counts := range r.SoFar().Kinds {
		n += min(counts[Answered], 1)
	}
	return n
}

func TestAnAnswerThatBreaksOffIsALossOfEveryKind(t *testing.T) {
	ledger := NewLedger()
	app := App{Color: "blue", Keep: ledger.Keep}.Handler()
	// Answers break off behind their first bytes.
	l := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var answer strings.Builder
		app.ServeHTTP(&half{w, &answer}, r)
		panic(http.ErrAbortHandler)
	}))
	for _, g := range every() {
		g.Once = g.Rate == 0
		l.Groups = []Group{g}
		running, end := Start(t.Context(), l), (*Running).Wait
		if !g.Once {
			pause(t.Context(), 50*time.Millisecond)
			end = (*Running).Stop
		}
		if report := end(running); report.All()[Answered] > 0 || report.Lost() == 0 {
			t.Errorf("%s: %s", g.Kind, report)
		}
	}
}

// half is an answer whose end never comes.
type half struct {
	http.ResponseWriter
	kept *strings.Builder
}

func (h *half) Write(b []byte) (int, error) {
	h.ResponseWriter.Header().Set("Content-Length", "1000000")
	return h.ResponseWriter.Write(b)
}

func TestAServerThatIsAwayRefuses(t *testing.T) {
	l := Load{Plain: "127.0.0.1:1", Secure: "127.0.0.1:1", Groups: []Group{{Kind: Post, Clients: 1, Once: true}, {Kind: HTTP2, Clients: 1, Once: true}}}
	if all := Start(t.Context(), l).Wait().All(); all[Refused] != 2 {
		t.Errorf("%v", all)
	}
}

func TestWhatIsDoneTwiceOrNeverIsSeen(t *testing.T) {
	ledger, record := NewLedger(), newRecord()
	for _, id := range []ID{{1, 1}, {1, 2}, {1, 2}, {1, 4}, {9, 1}} {
		if err := ledger.Keep(id); err != nil {
			t.Fatal(err)
		}
	}
	for turn, o := range []Outcome{Answered, Answered, Answered, Reset} {
		record.enter(ID{1, uint32(turn + 1)}, o)
	}
	copied := NewLedger()
	var text strings.Builder
	if err := ledger.Write(&text); err != nil {
		t.Fatal(err)
	}
	if err := copied.Read(strings.NewReader(text.String())); err != nil {
		t.Fatal(err)
	}
	for _, l := range []*Ledger{ledger, copied} {
		if got, want := Compare(l, Report{record: record}), (Audit{IDs: 4, Lost: 1, Doubled: 1, Unanswered: 1, Foreign: 1}); got != want {
			t.Errorf("%s", got)
		}
	}
}
