// The application the tests of this room run in containers built FROM
// scratch: one static binary that serves, resolves names and writes files.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		args = []string{"serve"}
	}
	switch args[0] {
	case "serve":
		return serve()
	case "resolve":
		return resolve(args[1])
	case "read":
		return read(args[1])
	case "write":
		return os.WriteFile(args[1], []byte(args[2]), 0o644)
	case "exit":
		return exit(args[1:])
	case "wait":
		return wait()
	case "deaf":
		return deaf()
	case "inside":
		return inside(args[1:])
	case "eat":
		return eat()
	}
	return fmt.Errorf("no such verb: %s", args[0])
}

func serve() error {
	done := make(chan os.Signal, 1)
	signal.Notify(done, syscall.SIGTERM)
	fmt.Println("serving", os.Getenv("TEAL_COLOR"), os.Getenv("TEAL_RELEASE"), os.Getenv("TEAL_REPLICA"))
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "%s %s %s", os.Getenv("TEAL_COLOR"), os.Getenv("TEAL_RELEASE"), os.Getenv("GREETING"))
	})
	failed := make(chan error, 1)
	go func() { failed <- http.ListenAndServe(":8080", nil) }()
	select {
	case err := <-failed:
		return err
	case <-done:
		return nil
	}
}

func wait() error {
	done := make(chan os.Signal, 1)
	signal.Notify(done, syscall.SIGTERM)
	fmt.Println("waiting")
	<-done
	fmt.Println("done")
	return nil
}

// deaf ends by no signal that it can refuse.
func deaf() error {
	heard := make(chan os.Signal, 1)
	signal.Notify(heard, syscall.SIGTERM)
	fmt.Println("deaf")
	for range heard {
		fmt.Println("not now")
	}
	return nil
}

func resolve(name string) error {
	addrs, err := net.LookupHost(name)
	if err != nil {
		return err
	}
	fmt.Println(strings.Join(addrs, " "))
	return nil
}

func read(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(content)
	return err
}

// inside prints what the process sees: env:NAME, file:PATH, host:NAME.
func inside(args []string) error {
	for _, arg := range args {
		kind, what, _ := strings.Cut(arg, ":")
		switch kind {
		case "env":
			fmt.Printf("%s=%s\n", what, os.Getenv(what))
		case "file":
			content, err := os.ReadFile(what)
			fmt.Printf("%s: %s %v\n", what, content, err)
		case "host":
			addrs, err := net.LookupHost(what)
			fmt.Printf("%s: %v\n", what, len(addrs) > 0 && err == nil)
		}
	}
	return nil
}

// eat takes memory until the kernel has had enough.
func eat() error {
	fmt.Println("eating")
	var held [][]byte
	for {
		meal := make([]byte, 1<<20)
		for i := range meal {
			meal[i] = 1
		}
		held = append(held, meal)
		if len(held) > 1<<10 {
			return fmt.Errorf("%d MiB and still hungry", len(held))
		}
	}
}

func exit(args []string) error {
	fmt.Println("leaving with", args[0])
	code, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	os.Exit(code)
	return nil
}
