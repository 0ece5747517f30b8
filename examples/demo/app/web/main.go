// Command web is the demo's front: a page, an echo, uploads and WebSockets.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"

	"teal/examples/demo/app/serve"
)

func main() {
	ctx, cancel := serve.Signals()
	defer cancel()
	sockets := newSockets()
	if err := serve.HTTP(ctx, ":8080", handler(sockets), sockets.goAway); err != nil {
		log.Fatal(err)
	}
}

func handler(sockets *sockets) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", page)
	mux.HandleFunc("GET /healthz", health(os.Getenv("BROKEN") != ""))
	mux.HandleFunc("POST /echo", echo)
	mux.HandleFunc("POST /upload", upload)
	mux.HandleFunc("GET /ws", sockets.serve)
	return mux
}

func page(w http.ResponseWriter, _ *http.Request) {
	who := serve.Self()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, "<!doctype html><title>teal demo</title><body style=\"color: %s\"><h1>version %s</h1><p>release %s in %s, replica %s\n",
		who.Color, who.Version, who.Release, who.Color, who.Replica)
}

// health is the gate. A broken build says what it lacks, as a good server does.
func health(broken bool) http.HandlerFunc {
	if broken {
		log.Print("error: PAYMENT_KEY is not set, can't take payments")
		log.Print("not ready: waiting for a payment provider that will never come")
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		if broken {
			http.Error(w, "no payment provider", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	}
}

// echo answers the body as it came, so that a client can tell a whole answer to
// its own request from anything else.
func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Write(body)
}

// uploaded is what the server has of a body.
type uploaded struct {
	Bytes  int64          `json:"bytes"`
	SHA256 string         `json:"sha256"`
	By     serve.Identity `json:"by"`
}

func upload(w http.ResponseWriter, r *http.Request) {
	sum := sha256.New()
	n, err := io.Copy(sum, r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(uploaded{Bytes: n, SHA256: hex.EncodeToString(sum.Sum(nil)), By: serve.Self()})
}
