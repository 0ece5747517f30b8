package deploy

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"teal/internal/plan"
	"teal/internal/release"
)

// A release is run in the shape it was deployed in. teal.yaml may have another
// by now (more replicas, a service renamed), and the way back must need nobody
// to edit it first; nor may clients of the old color be sent to addresses that
// only the new one has. So a plan is made from what is observed in the shapes
// that the two colors have in it: which containers make a release whole, which
// config nginx should have.

// shaped returns the observation a goal's plan is made from. It is made anew
// where a color has another shape in the plan than it was looked at with.
func (d *Deployer) shaped(ctx context.Context, o release.Observed, g plan.Goal) (release.Observed, error) {
	app := o.App
	number, color := plan.Target(o, g)
	if number != 0 {
		var err error
		if app, err = d.AsRelease(o.App, number); err != nil {
			return o, err
		}
	}
	app.Shapes = maps.Clone(o.Shapes)
	delete(app.Shapes, color)
	if g.Kind == release.KindUndo && !o.Routing.Routes(g.Color) {
		delete(app.Shapes, g.Color) // it is emptied
	}
	if same, err := alike(app, o.App); err != nil || same {
		return o, err
	}
	return d.observe(ctx, app, g)
}

// shapes are those in which the releases that stand in the colors were
// deployed, of a release that is not kept none.
func (d *Deployer) shapes(o release.Observed) (map[release.Color]release.Shape, error) {
	found := map[release.Color]release.Shape{}
	for _, c := range release.Colors {
		app, known, err := d.asRelease(o.App, o.ReleaseIn(c))
		if err != nil {
			return nil, err
		}
		if known {
			found[c] = app.Shape()
		}
	}
	return found, nil
}

// AsRelease is the app as one of its releases was deployed. Of one that
// is not kept that is not known: then it is the app as it is.
func (d *Deployer) AsRelease(app release.App, number int) (release.App, error) {
	app, _, err := d.asRelease(app, number)
	return app, err
}

func (d *Deployer) asRelease(app release.App, number int) (was release.App, known bool, err error) {
	if number == 0 {
		return app, false, nil
	}
	spec, err := d.Journal.Spec(app.Name, number)
	if release.CodeOf(err) == release.Invalid {
		return app, false, nil
	}
	if err != nil {
		return app, false, fmt.Errorf("read the shape of release %d: %w", number, err)
	}
	was, err = app.As(spec.Deployed)
	return was, err == nil && len(spec.Deployed) > 0, err
}

// alike reports whether the two are the same to nginx and to a plan.
func alike(a, b release.App) (bool, error) {
	one, err := shapeText(a)
	if err != nil {
		return false, err
	}
	other, err := shapeText(b)
	return bytes.Equal(one, other), err
}

func shapeText(a release.App) ([]byte, error) {
	text, err := a.Deployed()
	if err != nil {
		return nil, err
	}
	for _, c := range release.Colors {
		shape, err := json.Marshal(a.ShapeIn(c))
		if err != nil {
			return nil, fmt.Errorf("write down the shape of %s: %w", a.Name, err)
		}
		text = append(text, shape...)
	}
	return text, nil
}
