package main

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheLedgerOutlivesTheStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	first := open(t, path)
	for _, id := range []string{"a-1", "a-2"} {
		if err := first.add(id); err != nil {
			t.Fatal(err)
		}
	}
	if err := first.close(); err != nil {
		t.Fatal(err)
	}
	second := open(t, path)
	if got := second.count(); got != 2 {
		t.Errorf("%d orders after a restart, want 2", got)
	}
	if err := second.add("a-1"); !errors.Is(err, errTwice) {
		t.Errorf("an order kept before the restart: %v, want %v", err, errTwice)
	}
}

func TestAnOrderIsKeptOnceAndOnlyWithAPlainID(t *testing.T) {
	server := httptest.NewServer(handler(open(t, filepath.Join(t.TempDir(), "ledger"))))
	t.Cleanup(server.Close)
	for _, c := range []struct {
		id     string
		status int
	}{{"x.1", 200}, {"x.1", 422}, {"", 422}, {"two\nlines", 422}, {strings.Repeat("x", 65), 422}, {"x.2", 200}} {
		res, err := http.Post(server.URL+"/orders", "text/plain", strings.NewReader(c.id))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != c.status {
			t.Errorf("order %q: %d, want %d", c.id, res.StatusCode, c.status)
		}
	}
	res, err := http.Get(server.URL + "/count")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); string(body) != "2" {
		t.Errorf("count %q, want 2", body)
	}
}

func open(t *testing.T, path string) *ledger {
	t.Helper()
	l, err := openLedger(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.close() })
	return l
}
