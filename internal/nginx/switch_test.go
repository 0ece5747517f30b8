package nginx

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"teal/internal/release"
)

// load sends GETs and POSTs on kept connections until it is ended, and says
// how many were sent and what went wrong.
func (s *stage) load(clients int) (end func() (sent int64, failures []string)) {
	return s.loadOf(clients, 0, new(atomic.Int64))
}

// loadOf counts in sent. Every other request is a POST, with posts 1 all are.
func (s *stage) loadOf(clients, posts int, sent *atomic.Int64) (end func() (int64, []string)) {
	var mu sync.Mutex
	var failures []string
	stop := make(chan struct{})
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			c := client(false)
			defer c.CloseIdleConnections()
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				sent.Add(1)
				if err := s.one(c, n|posts); err != nil {
					mu.Lock()
					failures = append(failures, err.Error())
					mu.Unlock()
				}
			}
		})
	}
	return func() (int64, []string) {
		close(stop)
		all.Wait()
		return sent.Load(), failures
	}
}

// one sends a request that the HTTP client can't send twice: it has a body
// without a way to get it again.
func (s *stage) one(c *http.Client, n int) error {
	req := s.request(http.MethodGet, "/color", nil)
	if n%2 == 1 {
		req = s.request(http.MethodPost, "/color", io.MultiReader(strings.NewReader("body")))
	}
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %d %s", req.Method, resp.StatusCode, body)
	}
	return nil
}

func TestSwitchingUnderLoadLosesNoRequest(t *testing.T) {
	s := open(t)
	end := s.load(8)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for n := range 40 {
		<-tick.C
		s.shift(release.Colors[(n+1)%2])
	}
	sent, failures := end()
	if len(failures) > 0 {
		t.Errorf("%d of %d lost, the first: %s", len(failures), sent, failures[0])
	}
	t.Logf("%d requests over 40 switches", sent)
}

func TestNoRequestAfterTheConfirmReachesTheOldColor(t *testing.T) {
	s := open(t)
	for n := range 100 {
		old, now := s.blue, s.green
		if n%2 == 1 {
			old, now = now, old
		}
		s.shift(now.color)
		before := old.received.Load()
		s.servedBy(now.color)
		if got := old.received.Load() - before; got != 0 {
			t.Fatalf("switch %d: the old color %s got %d requests", n, old.color, got)
		}
	}
}

func TestAShareOfTheBucketsSplitsClients(t *testing.T) {
	s := open(t)
	half, err := release.TableOf(release.Green, 50)
	s.must(err)
	s.must(s.r.Shift(s.ctx, s.app, half))
	s.must(s.r.Confirm(s.ctx, s.app, half))
	_, first := s.get("/color")
	for range 5 {
		if _, again := s.get("/color"); again != first {
			t.Errorf("one client met %s and then %s", first, again)
		}
	}
}

func TestTheHeaderTellsTheColorAlsoOfAFailure(t *testing.T) {
	s := open(t)
	resp, _ := s.get("/color")
	if got := resp.Header.Get("X-Teal-Color"); got != "blue" {
		t.Errorf("header %q, want blue", got)
	}
	s.shift(release.Green)
	s.blue.stop()
	s.green.stop()
	resp, _ = s.get("/color")
	if got := resp.Header.Get("X-Teal-Color"); resp.StatusCode != 502 || got != "green" {
		t.Errorf("answered %d with header %q, want 502 and green", resp.StatusCode, got)
	}
}

func TestAnUploadThatEndsAfterItsColorIsGoneGoesToTheOther(t *testing.T) {
	s := open(t)
	w := s.dial()
	w.send("POST /upload HTTP/1.1\r\nHost: " + testHost + "\r\nContent-Length: 10\r\nConnection: close\r\n\r\n12345")
	s.servedBy(release.Blue) // by now nginx has read the beginning
	s.shift(release.Green)
	<-s.drainBlue(release.DrainLimits{Timeout: far, Streams: far}, nil) // the upload has no connection to blue yet
	s.blue.stop()
	w.send("67890")
	if status, body := w.answer(); status != 200 || body != "green 10" {
		t.Errorf("answered %d %q, want all of it at green", status, body)
	}
}

func TestACrashedColorFallsOverToTheOther(t *testing.T) {
	s := open(t)
	s.blue.stop()
	for range 20 {
		s.servedBy(release.Green)
	}
}

func TestOneAbortedAnswerCostsOnlyThatRequest(t *testing.T) {
	s := open(t)
	s.green.stop() // the usual state of the other color
	s.blue.refuse.Store(true)
	if resp, _ := s.get("/color"); resp.StatusCode != 502 {
		t.Fatalf("the aborted request was answered %d", resp.StatusCode)
	}
	s.blue.refuse.Store(false)
	for range 20 {
		s.servedBy(release.Blue)
	}
}

func TestAPostThatWasSentIsNeverSentAgain(t *testing.T) {
	s := open(t)
	s.blue.refuse.Store(true)
	resp, _ := s.do(s.request(http.MethodPost, "/upload", strings.NewReader("pay")))
	if resp.StatusCode != 502 || s.green.received.Load() != 0 {
		t.Errorf("answered %d, green got %d requests", resp.StatusCode, s.green.received.Load())
	}
}

func TestAWebSocketLivesThroughASwitch(t *testing.T) {
	s := open(t)
	w := s.talk()
	s.shift(release.Green)
	w.send("still there?\n")
	if got := w.line(); got != "blue still there?\n" {
		t.Errorf("got %q", got)
	}
	if got := s.talk(); got == nil || s.green.received.Load() == 0 {
		t.Error("a new WebSocket did not go to green")
	}
}

func TestAShiftToTheLiveTableChangesNothing(t *testing.T) {
	s := open(t)
	before, err := readLink(s)
	s.must(err)
	s.shift(release.Blue)
	after, err := readLink(s)
	s.must(err)
	if before != after {
		t.Error("the link was made anew")
	}
}
