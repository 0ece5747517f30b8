// Command store is the demo's shared service: a ledger of orders in a file on a
// named volume. It runs once, outlives every release, and an order that was
// answered is in it.
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"os"

	"teal/examples/demo/app/serve"
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	ctx, cancel := serve.Signals()
	defer cancel()
	l, err := openLedger(os.Getenv("LEDGER"))
	if err != nil {
		return fmt.Errorf("open the ledger: %w", err)
	}
	defer l.close()
	log.Printf("%d orders in the ledger", l.count())
	return serve.HTTP(ctx, ":8080", handler(l), nil)
}

func handler(l *ledger) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /count", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, l.count()) })
	mux.HandleFunc("POST /orders", func(w http.ResponseWriter, r *http.Request) {
		id, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<10))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if err := l.add(string(id)); err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		w.Write(id)
	})
	return mux
}
