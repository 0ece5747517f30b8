// Command app is the application whose deploys are measured. It listens at
// once and is ready READY_AFTER later, a moment it remembers: what it answers
// on / is that moment, in nanoseconds since 1970 by the clock of the machine.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"teal/examples/demo/app/serve"
)

func main() {
	ctx, cancel := serve.Signals()
	defer cancel()
	after, err := time.ParseDuration(os.Getenv("READY_AFTER"))
	if err != nil {
		log.Fatal(err)
	}
	if err := serve.HTTP(ctx, ":8080", handler(time.Now().Add(after)), nil); err != nil {
		log.Fatal(err)
	}
}

func handler(ready time.Time) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, ready.UnixNano()) })
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		if time.Now().Before(ready) {
			http.Error(w, "warming up", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	return mux
}
