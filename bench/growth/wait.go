package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"teal/bench/machine"
)

// waitLimit bounds every wait.
const waitLimit = 30 * time.Second

// waited asks until it is so.
func waited(ctx context.Context, what string, is func() bool) error {
	for until := time.Now().Add(waitLimit); time.Now().Before(until); machine.Pause(ctx, time.Millisecond) {
		if is() {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return fmt.Errorf("waited %s in vain: %s", waitLimit, what)
}

// answers is what a site says on a new connection; "" if it is not served.
func answers(ctx context.Context, addr, host string) string {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/", nil)
	if err != nil {
		return ""
	}
	req.Host, req.Close = host, true
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return ""
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		return ""
	}
	return string(body)
}
