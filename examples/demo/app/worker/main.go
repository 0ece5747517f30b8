// Command worker is the demo's background service: colored, not routed. It
// counts the orders in the store and says so when there are new ones.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"time"

	"teal/examples/demo/app/serve"
)

func main() {
	ctx, cancel := serve.Signals()
	defer cancel()
	log.Printf("worker of version %s starts", serve.Self().Version)
	work(ctx, os.Getenv("STORE"), time.Second)
	log.Print("told to stop, nothing left undone")
}

// work polls the store until ctx ends. A store that doesn't answer is asked
// again: the worker has nothing to lose.
func work(ctx context.Context, store string, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	seen := ""
	for {
		count, err := orders(ctx, store)
		switch {
		case err != nil && ctx.Err() == nil:
			log.Print(err)
		case err == nil && count != seen:
			log.Printf("%s orders in the store", count)
			seen = count
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func orders(ctx context.Context, store string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, store+"/count", nil)
	if err != nil {
		return "", fmt.Errorf("count orders: %w", err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", fmt.Errorf("count orders: %w", err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 64))
	if err != nil {
		return "", fmt.Errorf("count orders: %w", err)
	}
	return string(text), nil
}
