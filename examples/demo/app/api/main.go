// Command api is the demo's back: it takes orders and keeps them in the store.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	"teal/examples/demo/app/serve"
)

func main() {
	ctx, cancel := serve.Signals()
	defer cancel()
	a := &api{store: os.Getenv("STORE"), client: &http.Client{Timeout: 5 * time.Second}}
	if err := serve.HTTP(ctx, ":8080", a.handler(), nil); err != nil {
		log.Fatal(err)
	}
}

// api passes orders on to the store.
type api struct {
	store  string // base URL, http://store:8080
	client *http.Client
}

func (a *api) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { answer(w, serve.Self()) })
	mux.HandleFunc("GET /healthz", a.health)
	mux.HandleFunc("GET /count", a.count)
	mux.HandleFunc("POST /orders", a.order)
	return mux
}

// health is good when the store answers: an api without its store is no use.
func (a *api) health(w http.ResponseWriter, r *http.Request) {
	if _, err := a.ask(r.Context(), http.MethodGet, "/count", nil); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

// count tells how many orders the store has.
func (a *api) count(w http.ResponseWriter, r *http.Request) {
	n, err := a.ask(r.Context(), http.MethodGet, "/count", nil)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	fmt.Fprint(w, n)
}

// placed is the answer to an order.
type placed struct {
	Order string         `json:"order"`
	By    serve.Identity `json:"by"`
}

// order keeps the order, whose id is the body's first line, and answers it.
func (a *api) order(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<10))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	id, _, _ := strings.Cut(string(body), "\n")
	kept, err := a.ask(r.Context(), http.MethodPost, "/orders", strings.NewReader(id))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.Header().Set("Location", "/orders/"+kept)
	answer(w, placed{Order: kept, By: serve.Self()})
}

// ask calls the store and returns what it says.
func (a *api) ask(ctx context.Context, method, path string, body io.Reader) (string, error) {
	req, err := http.NewRequestWithContext(ctx, method, a.store+path, body)
	if err != nil {
		return "", fmt.Errorf("ask the store: %w", err)
	}
	res, err := a.client.Do(req)
	if err != nil {
		return "", fmt.Errorf("ask the store: %w", err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<10))
	if err != nil {
		return "", fmt.Errorf("ask the store: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("ask the store: it answered %s: %q", res.Status, text)
	}
	return string(text), nil
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}
