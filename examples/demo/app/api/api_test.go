package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAnOrderIsAnsweredOnlyOnceTheStoreHasIt(t *testing.T) {
	var kept []string
	full := false
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if full {
			http.Error(w, "full", http.StatusInsufficientStorage)
			return
		}
		id, _ := io.ReadAll(r.Body)
		kept = append(kept, string(id))
		w.Write(id)
	}))
	t.Cleanup(store.Close)
	server := httptest.NewServer((&api{store: store.URL, client: store.Client()}).handler())
	t.Cleanup(server.Close)

	res := post(t, server.URL, "o-1\nthree apples")
	var got placed
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	if got.Order != "o-1" || len(kept) != 1 || kept[0] != "o-1" {
		t.Errorf("answered %+v, kept %v", got, kept)
	}
	full = true
	if res := post(t, server.URL, "o-2"); res.StatusCode != http.StatusBadGateway {
		t.Errorf("a store that refuses: %s, want 502", res.Status)
	}
}

func post(t *testing.T, url, id string) *http.Response {
	t.Helper()
	res, err := http.Post(url+"/orders", "text/plain", strings.NewReader(id))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	return res
}
