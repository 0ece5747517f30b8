package e2e

import "time"

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }
