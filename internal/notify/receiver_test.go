package notify

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"teal/internal/release"
)

// receiver is a real HTTP server that keeps what it gets.
type receiver struct {
	*httptest.Server
	mu   sync.Mutex
	got  []received
	code int
	body string
}

type received struct {
	header http.Header
	body   []byte
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{code: 200}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, received{req.Header, body})
	w.WriteHeader(r.code)
	_, _ = io.WriteString(w, r.body)
}

// path is a part of each receiver's address that must be in no text.
const path = "/services/T000/B000/tealtestaddress"

func (r *receiver) environ() []string { return []string{"URL=" + r.URL + path, "KEY=tealtestkey"} }

func slackTarget() release.Notify {
	return release.Notify{Kind: release.NotifySlack, URL: release.Secret{Env: "URL"}}
}

func webhookTarget() release.Notify {
	return release.Notify{Kind: release.NotifyWebhook, URL: release.Secret{Env: "URL"}, Key: release.Secret{Env: "KEY"}}
}

var (
	shop   = release.App{Name: "shop", Site: release.Site{Hosts: []string{"shop.example"}}}
	begun  = Begin(shop, release.Deploy{ID: 7, Kind: release.KindDeploy, Release: 43, By: "me@here"}, "deploy shop: release 43 in green, replacing 42")
	outcry = release.Error{
		Code: release.Gate, What: "web-green-1 never got healthy in 60s", Detail: []string{"listening on <all> & any", "password=tealtestpassword"},
		State: "blue is live with release 42", Next: "teal deploy", Err: errors.New("connection refused"),
	}
)

func receipt(kind release.DeployKind, outcome release.Outcome) release.Receipt {
	return release.Receipt{
		App: "shop", Kind: kind, Release: 43, Color: release.Green, Replaced: 42, Outcome: outcome, Live: release.Green,
		Started: time.Unix(1795000000, 0), Took: 12345 * time.Millisecond,
		Clients: &release.Traffic{Requests: 1000, Lost: 1}, Witness: &release.Witnessed{Sent: 300, Answered: 298, Reset: 2, First: "12:00:01 get: reset"},
	}
}

// tell tells a whole deploy to the targets.
func tell(targets []release.Notify, environ []string, ends ...Message) []release.Notified {
	n := New(targets, environ)
	n.Tell(begun)
	for _, m := range ends {
		n.Tell(m)
	}
	return n.End()
}
