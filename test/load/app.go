package load

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// App is the application: what it was asked to do it enters in a ledger, once
// the request is there as a whole and before it answers.
type App struct {
	Color string
	Keep  func(ID) error
}

// Handler serves what the clients ask for.
func (a App) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /get", func(w http.ResponseWriter, r *http.Request) { a.done(w, r, "") })
	mux.HandleFunc("POST /post", a.post)
	mux.HandleFunc("POST /upload", a.upload)
	mux.HandleFunc("GET /chunks", a.chunks)
	mux.HandleFunc("GET /events", a.events)
	mux.HandleFunc("GET /ws", a.socket)
	return mux
}

func (a App) done(w io.Writer, r *http.Request, before string) {
	fmt.Fprintf(w, "%s%s %s done\n", before, a.Color, r.Header.Get("X-Id"))
}

// post works for as long as it is told. A body that isn't whole gets no
// answer: it is a request that was lost on the way.
func (a App) post(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	id, bad := ParseID(string(body))
	if err != nil || bad != nil || id.String() != r.Header.Get("X-Id") {
		http.Error(w, fmt.Sprintf("the body is not the id: %q", body), http.StatusBadRequest)
		return
	}
	pause(context.WithoutCancel(r.Context()), span(r, "inside"))
	a.keep(w, r, id)
}

func (a App) keep(w http.ResponseWriter, r *http.Request, id ID) {
	if err := a.Keep(id); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	a.done(w, r, "")
}

func (a App) upload(w http.ResponseWriter, r *http.Request) {
	n, err := io.Copy(io.Discard, r.Body)
	id, bad := ParseID(r.Header.Get("X-Id"))
	if err != nil || bad != nil || fmt.Sprint(n) != r.URL.Query().Get("size") {
		http.Error(w, fmt.Sprintf("%d bytes came", n), http.StatusBadRequest)
		return
	}
	a.keep(w, r, id)
}

// pieces is how many parts a download in chunks has.
const pieces = 10

func (a App) chunks(w http.ResponseWriter, r *http.Request) {
	for n := range pieces {
		fmt.Fprintf(w, "piece %d\n", n)
		_ = http.NewResponseController(w).Flush()
		if !pause(r.Context(), span(r, "over")/pieces) {
			return
		}
	}
	a.done(w, r, "")
}

// eventEvery is the pause between two events.
const eventEvery = 100 * time.Millisecond

func (a App) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	until := time.Now().Add(span(r, "for"))
	for n := 1; time.Now().Before(until); n++ {
		fmt.Fprintf(w, "data: %d\n\n", n)
		if http.NewResponseController(w).Flush() != nil || !pause(r.Context(), eventEvery) {
			return
		}
	}
	fmt.Fprintf(w, "data: %s done\n\n", r.Header.Get("X-Id"))
}

// socket echoes until its time is over, then says so.
func (a App) socket(w http.ResponseWriter, r *http.Request) {
	until := time.Now().Add(span(r, "for"))
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		accept(r.Header.Get("Sec-WebSocket-Key"))); err != nil {
		return
	}
	echo(conn, rw.Reader, until)
}

func echo(conn net.Conn, in *bufio.Reader, until time.Time) {
	for {
		op, text, err := readFrame(in)
		if err != nil {
			return
		}
		if time.Now().After(until) || op == opClose {
			op, text = opClose, closeNormal
		}
		if _, err := conn.Write(frame(op, text, false)); err != nil || op == opClose {
			return
		}
	}
}

// span is a duration among the request's parameters, 0 without.
func span(r *http.Request, name string) time.Duration {
	d, err := time.ParseDuration(r.URL.Query().Get(name))
	if err != nil {
		return 0
	}
	return d
}
