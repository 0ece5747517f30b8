package compose

import (
	"context"
	"fmt"

	"teal/internal/release"
)

// Once runs the command in the service's image of the release.
func (e *Engine) Once(ctx context.Context, app release.App, spec release.Spec, color release.Color, command release.Command, say Say) error {
	return fmt.Errorf("run the release command of %s: not known yet", command.Service)
}
