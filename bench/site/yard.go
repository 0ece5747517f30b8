package site

import (
	"context"

	"github.com/moby/moby/client"

	"teal/test/dockyard"
)

// OpenYard builds the image of the application that is deployed. The caller
// closes the yard.
func OpenYard(ctx context.Context) (*dockyard.Yard, error) {
	return dockyard.Open(ctx, client.FromEnv, "teal-bench", "teal/bench/app")
}
