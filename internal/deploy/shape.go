package deploy

import (
	"bytes"
	"context"
	"fmt"

	"teal/internal/plan"
	"teal/internal/release"
)

// A release is run in the shape it was deployed in. teal.yaml may have another
// by now (more replicas, a service renamed), and the way back must need nobody
// to edit it first. So a plan that goes back is made from what is observed in
// the old shape: which containers make the release whole, which config nginx
// should have.

// shaped returns the observation a goal's plan is made from. It is made anew
// where the goal goes back to a release of another shape.
func (d *Deployer) shaped(ctx context.Context, o release.Observed, g plan.Goal) (release.Observed, error) {
	number := plan.Target(o, g)
	if number == 0 {
		return o, nil
	}
	app, err := d.AsRelease(o.App, number)
	if err != nil {
		return o, err
	}
	if same, err := alike(app, o.App); err != nil || same {
		return o, err
	}
	return d.observe(ctx, app, g)
}

// AsRelease is the app as one of its releases was deployed. Of one that
// is not kept that is not known: then it is the app as it is.
func (d *Deployer) AsRelease(app release.App, number int) (release.App, error) {
	spec, err := d.Journal.Spec(app.Name, number)
	if release.CodeOf(err) == release.Invalid {
		return app, nil
	}
	if err != nil {
		return app, fmt.Errorf("read the shape of release %d: %w", number, err)
	}
	return app.As(spec.Deployed)
}

func alike(a, b release.App) (bool, error) {
	one, err := a.Deployed()
	if err != nil {
		return false, err
	}
	other, err := b.Deployed()
	return bytes.Equal(one, other), err
}
