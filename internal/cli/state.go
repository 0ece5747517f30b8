package cli

import (
	"errors"
	"fmt"

	"teal/internal/nginx"
	"teal/internal/release"

	"github.com/spf13/cobra"
)

// stated gives an error the state that it lacks, as long as the command has
// begun nothing. What has begun something says itself what became of it.
func (g *globals) stated(err error) error {
	if err == nil || g.begun {
		return err
	}
	var known *release.Error
	if !errors.As(err, &known) {
		return &release.Error{Code: release.Internal, What: err.Error(), State: nothingChanged, Err: err}
	}
	if known.State == "" {
		known.State = nothingChanged
	}
	return err
}

const nothingChanged = "nothing was changed"

// proxyStated tells with an error how teal's own nginx is now, by its own
// word.
func proxyStated(c *cobra.Command, r *nginx.Router, bin string, err error) error {
	var known *release.Error
	if err == nil || !errors.As(err, &known) || known.State != "" {
		return err
	}
	shown, unseen := r.ProxyShow(c.Context(), bin)
	switch {
	case unseen != nil: // without a program to ask there was none to change with
		known.State = nothingChanged
	case shown.Running:
		known.State = fmt.Sprintf("teal's nginx runs: pid %d", shown.PID)
	default:
		known.State = "teal's nginx does not run"
	}
	return err
}
