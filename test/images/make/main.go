// Command make builds the local images that the examples stand on, where they
// are missing: "make images".
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"teal/test/images"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "images: %v\n", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	began := time.Now()
	err := images.Ensure(ctx, func(line string) { fmt.Println("images: " + line) })
	if err == nil {
		fmt.Printf("images: all %d are there, after %.1f s\n", len(images.All), time.Since(began).Seconds())
	}
	return err
}
