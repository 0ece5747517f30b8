// Command faulty is a server with one fault, for the tests of health gates.
// FAULT names it; without one it is a healthy server on port 8080.
package main

import (
	"fmt"
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
	fault := os.Getenv("FAULT")
	log.Printf("starting with fault %q", fault)
	switch fault {
	case "exit":
		log.Print("fatal: DATABASE_URL is not set")
		os.Exit(3)
	case "oom":
		eat()
	case "silent":
		<-ctx.Done()
		return
	}
	if err := serve.HTTP(ctx, address(fault), handler(fault), nil); err != nil {
		log.Fatal(err)
	}
}

func address(fault string) string {
	switch fault {
	case "port":
		return ":9090"
	case "local":
		return "127.0.0.1:8080"
	}
	return ":8080"
}

// eat takes memory until the kernel has enough of it.
func eat() {
	var kept [][]byte
	for {
		b := make([]byte, 4<<20)
		for i := range b {
			b[i] = 1
		}
		kept = append(kept, b)
		log.Printf("%d MiB", 4*len(kept))
	}
}

func handler(fault string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		who := serve.Self()
		fmt.Fprintf(w, "version=%s color=%s release=%s replica=%s\n", who.Version, who.Color, who.Release, who.Replica)
	})
	mux.HandleFunc("GET /slow", func(w http.ResponseWriter, r *http.Request) {
		d, err := time.ParseDuration(r.URL.Query().Get("for"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		select {
		case <-time.After(d):
			fmt.Fprintln(w, "slept", d)
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) { health(w, r, fault) })
	return mux
}

func health(w http.ResponseWriter, r *http.Request, fault string) {
	switch {
	case fault == "redirect":
		http.Redirect(w, r, "https://shop.example/login", http.StatusMovedPermanently)
	case fault == "host" && !strings.HasPrefix(r.Host, "shop.example"):
		http.Error(w, "DisallowedHost", http.StatusBadRequest)
	case fault == "never":
		http.Error(w, "warming up", http.StatusServiceUnavailable)
	default:
		fmt.Fprintln(w, "ok")
	}
}
