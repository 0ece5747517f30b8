// Command app is the application of the proof in a container: as web it serves
// what the clients ask for, as store it keeps the ledger of both colors; as
// diary it serves and writes its ids into a file that both colors have.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	"teal/examples/demo/app/serve"
	"teal/test/load"
)

// patience is how long requests in flight may take after SIGTERM. What is a
// stream by then is cut.
const patience = 2 * time.Second

func main() {
	ctx, cancel := serve.Signals()
	defer cancel()
	handler := store(load.NewLedger())
	switch {
	case len(os.Args) > 1 && os.Args[1] == "web":
		handler = web("http://store:8080")
	case len(os.Args) > 1 && os.Args[1] == "diary":
		handler = diary("/diary/ids")
	}
	server := &http.Server{Addr: ":8080", Handler: handler, ReadHeaderTimeout: time.Minute}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		<-ctx.Done()
		soon, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		if server.Shutdown(soon) != nil {
			server.Close()
		}
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
	// It returns as soon as it is told to stop. Whoever exits now loses what
	// is inside.
	<-ended
}

// diary enters its ids in a file, a whole line at a time: what is written there
// stays, whoever is killed.
func diary(path string) http.Handler {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		log.Fatal(err)
	}
	return load.App{Color: os.Getenv("TEAL_COLOR"), Keep: func(id load.ID) error {
		_, err := fmt.Fprintln(file, id, 1)
		return err
	}}.Handler()
}

// store keeps ids, and tells all of them.
func store(ledger *load.Ledger) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /keep", func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(io.LimitReader(r.Body, 64))
		id, bad := load.ParseID(string(text))
		if err = errors.Join(err, bad); err == nil {
			err = ledger.Keep(id)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	})
	mux.HandleFunc("GET /ledger", func(w http.ResponseWriter, _ *http.Request) {
		if err := ledger.Write(w); err != nil {
			log.Print(err)
		}
	})
	return mux
}

// web keeps its ids in the store, and passes the ledger on.
func web(store string) http.Handler {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: 10 * time.Second}
	app := load.App{Color: os.Getenv("TEAL_COLOR"), Keep: func(id load.ID) error {
		res, err := client.Post(store+"/keep", "text/plain", strings.NewReader(id.String()))
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != http.StatusOK {
			return errors.Join(fmt.Errorf("the store answered %s", res.Status), err)
		}
		return nil
	}}
	mux := http.NewServeMux()
	mux.Handle("/", app.Handler())
	mux.HandleFunc("GET /ledger", func(w http.ResponseWriter, _ *http.Request) {
		res, err := client.Get(store + "/ledger")
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer res.Body.Close()
		if _, err := io.Copy(w, res.Body); err != nil {
			log.Print(err)
		}
	})
	return mux
}
