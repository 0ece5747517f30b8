package e2e

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"
)

// oddImage holds programs that few scenarios need: made by the first of them,
// removed after the last.
var oddImage struct {
	sync.Mutex
	users int
}

// packOdd makes the image and returns its name.
func packOdd(t *testing.T) string {
	t.Helper()
	ref := fmt.Sprintf("tealtest-e2e-odd:%d", os.Getpid())
	oddImage.Lock()
	defer oddImage.Unlock()
	if oddImage.users++; oddImage.users == 1 {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		if err := buildImage(ctx, ref, "./testdata/mirror", "./testdata/beat"); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		oddImage.Lock()
		defer oddImage.Unlock()
		if oddImage.users--; oddImage.users == 0 {
			removeImage(ref)
		}
	})
	return ref
}
