package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestTheWorkerAsksUntilItIsToldToStop(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	asked := 0
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked++; asked == 3 {
			stop()
		}
		fmt.Fprint(w, asked)
	}))
	t.Cleanup(store.Close)
	work(ctx, store.URL, time.Millisecond)
	if asked != 3 {
		t.Errorf("asked %d times, want 3", asked)
	}
}
