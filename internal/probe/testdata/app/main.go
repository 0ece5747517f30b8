// Command app is what the probe's tests run in containers: its first argument
// says how it behaves.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

func main() {
	verb, arg := os.Args[1], ""
	if len(os.Args) > 2 {
		arg = os.Args[2]
	}
	verbs := map[string]func(string){
		"serve": serve, "exit": exit, "eat": eat, "check": check, "late": late, "idle": idle,
	}
	verbs[verb](arg)
}

// serve answers 200 on the address.
func serve(addr string) {
	fmt.Println("serving on", addr)
	fmt.Println(http.ListenAndServe(addr, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "ok")
	})))
	os.Exit(9)
}

// late dies after the duration.
func late(after string) {
	d, _ := time.ParseDuration(after)
	go serve(":3000")
	<-time.After(d)
	exit("4")
}

func exit(code string) {
	fmt.Println("config \x1b[31mmissing\x1b[0m: DATABASE_URL")
	fmt.Fprintln(os.Stderr, "giving up")
	n, _ := strconv.Atoi(code)
	os.Exit(n)
}

// eat takes memory until the kernel stops it.
func eat(string) {
	fmt.Println("eating")
	var held [][]byte
	for {
		b := make([]byte, 1<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		held = append(held, b)
	}
}

// check is a health check: good when something listens on the address.
func check(addr string) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		fmt.Println("check says:", err)
		os.Exit(3)
	}
	conn.Close()
}

func idle(string) {
	ends := make(chan os.Signal, 1)
	signal.Notify(ends, syscall.SIGTERM)
	<-ends
}
