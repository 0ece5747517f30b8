// Command mirror answers with what it was asked, so that a test sees what a
// proxy makes of a request.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"strconv"
	"strings"

	"teal/examples/demo/app/serve"
)

// seen is a request as it came.
type seen struct {
	Method, Path, Host, Version, Replica string
	Header                               http.Header
	Body                                 int64
}

func main() {
	ctx, cancel := serve.Signals()
	defer cancel()
	mux := http.NewServeMux()
	mux.HandleFunc("/", mirror)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /long", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `"`+strings.Repeat("teal ", 2000)+`"`)
	})
	mux.HandleFunc("GET /status/{code}", func(w http.ResponseWriter, r *http.Request) {
		code, err := strconv.Atoi(r.PathValue("code"))
		if err != nil {
			code = http.StatusBadRequest
		}
		http.Error(w, "the application's own words", code)
	})
	mux.HandleFunc("GET /silent", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	if err := serve.HTTP(ctx, ":8080", mux, nil); err != nil {
		log.Fatal(err)
	}
}

func mirror(w http.ResponseWriter, r *http.Request) {
	size, err := io.Copy(io.Discard, r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	who := serve.Self()
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(seen{r.Method, r.URL.RequestURI(), r.Host, who.Version, who.Replica, r.Header, size})
}
