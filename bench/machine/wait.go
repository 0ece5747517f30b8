package machine

import (
	"context"
	"fmt"
	"time"
)

// waitLimit bounds every wait.
const waitLimit = 30 * time.Second

// Waited asks until it is so.
func Waited(ctx context.Context, what string, is func() bool) error {
	for until := time.Now().Add(waitLimit); time.Now().Before(until); Pause(ctx, time.Millisecond) {
		if is() {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return fmt.Errorf("waited %s in vain: %s", waitLimit, what)
}
