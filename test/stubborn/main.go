// Command stubborn is what goes wrong in an image of its own: a release
// command that fails, hangs or fills a disk, and a server that won't end.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) < 2 {
		log.Fatal("say what to do: exit, hang, fill or serve")
	}
	if err := do(os.Args[1], os.Args[2:]); err != nil {
		log.Fatal(err)
	}
}

func do(what string, args []string) error {
	switch what {
	case "exit":
		return exit(args)
	case "hang":
		return hang()
	case "fill":
		return fill(args[0])
	case "serve":
		return serve()
	}
	return fmt.Errorf("no such thing to do: %s", what)
}

// exit says its words and ends with the code before them.
func exit(args []string) error {
	code, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	fmt.Println(strings.Join(args[1:], " "))
	os.Exit(code)
	return nil
}

// hang goes on until it is told to stop.
func hang() error {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	fmt.Println("waiting for a table lock")
	<-ctx.Done()
	return ctx.Err()
}

// fill writes until nothing fits into the folder's file system any more.
func fill(dir string) error {
	f, err := os.Create(filepath.Join(dir, "full"))
	if err != nil {
		return err
	}
	defer f.Close()
	for size := 1 << 16; size > 0; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
	fmt.Println("the disk is full")
	return nil
}

// serve is a healthy server that doesn't listen when it is asked to end, as a
// shell that was given PID 1 doesn't.
func serve() error {
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT)
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, "version %s\n", os.Getenv("VERSION")) })
	mux.HandleFunc("/download", download)
	mux.HandleFunc("/ws", socket)
	s := &http.Server{Addr: ":8080", Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	return s.ListenAndServe()
}

// download begins and never ends.
func download(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintln(w, "the first line")
	if err := http.NewResponseController(w).Flush(); err != nil {
		return
	}
	<-r.Context().Done()
}

// socket takes an upgrade and then says nothing, as long as the client likes.
func socket(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	io.Copy(io.Discard, conn)
}
