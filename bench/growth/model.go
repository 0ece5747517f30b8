package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"teal/bench/site"
	"teal/internal/journal"
	"teal/internal/release"
)

// model is what the journal has of a real release: a history is made of
// its like.
type model struct {
	release release.Release
	deploy  release.Deploy
	receipt *release.Receipt
	steps   []journal.Step
	spec    release.Spec
}

// model deploys an app three times and reads what the journal has of the
// third, which has all there is: a standby to replace, a release to forget.
func (b *bench) model(ctx context.Context) (m model, err error) {
	s, err := site.New(b.teal, b.yard.Image, site.Size{Services: 1, Replicas: 1})
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, s.Close(context.WithoutCancel(ctx))) }()
	for range 3 {
		if _, err := s.Deploy(ctx); err != nil {
			return m, err
		}
	}
	j, err := journal.OpenReadOnly(s.State())
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	return readModel(j, s.Name)
}

func readModel(j *journal.Journal, app string) (m model, err error) {
	releases, err := j.History(app, 1)
	if err != nil {
		return m, err
	}
	deploys, err := j.Deploys(app, 1)
	if err != nil {
		return m, err
	}
	if len(releases) == 0 || len(deploys) == 0 {
		return m, fmt.Errorf("the journal knows nothing of %s", app)
	}
	m.release, m.deploy = releases[0], deploys[0]
	if m.receipt, err = j.Receipt(m.deploy.ID); err != nil {
		return m, err
	}
	if m.steps, err = j.Steps(m.deploy.ID); err != nil {
		return m, err
	}
	m.spec, err = j.Spec(app, m.release.Number)
	return m, err
}

// between is how far releases of a history lie apart.
const between = 20 * time.Minute

// repeat writes so many releases of an app like the model into a new journal,
// by all that a deploy writes, call by call. None is live nor can be run again
// at the end: there are no containers and no images of theirs.
func (m model) repeat(root, app string, releases int) (err error) {
	j, err := journal.Open(root)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	began := time.Now().Add(-between * time.Duration(releases+1))
	for n := 1; n <= releases; n++ {
		if err := m.as(app, n, began.Add(between*time.Duration(n))).write(j); err != nil {
			return fmt.Errorf("release %d: %w", n, err)
		}
	}
	return errors.Join(j.SetState(app, releases, release.StateReplaced, release.None, ""), j.Prune(app, nil))
}

// as is the model as another release of another app.
func (m model) as(app string, n int, at time.Time) model {
	shift := n - m.release.Number
	m.release.App, m.release.Number, m.release.Created, m.release.Color = app, n, at, release.Colors[n%2]
	m.deploy.App, m.deploy.Release, m.deploy.Started = app, n, at
	m.spec.App, m.spec.Number = app, n
	receipt := *m.receipt
	receipt.App, receipt.Release, receipt.Color, receipt.Live, receipt.Started = app, n, m.release.Color, m.release.Color, at
	receipt.Replaced, receipt.Took = n-1, receipt.Took+time.Duration(n) // no two are the same
	m.receipt = &receipt
	steps := make([]journal.Step, len(m.steps))
	for i, s := range m.steps {
		s.Step.Keep = moved(s.Step.Keep, shift)
		if s.Step.Release != 0 {
			s.Step.Release += shift
		}
		steps[i] = s
	}
	m.steps = steps
	return m
}

// moved are the numbers that there are after a shift.
func moved(numbers []int, by int) []int {
	var list []int
	for _, n := range numbers {
		if n+by > 0 {
			list = append(list, n+by)
		}
	}
	return list
}

// write tells the journal of the release as the runner does.
func (m model) write(j *journal.Journal) error {
	app, n := m.release.App, m.release.Number
	var plan []release.Step
	for _, s := range m.steps {
		plan = append(plan, s.Step)
	}
	starting := m.release
	starting.State, starting.Images = release.StateStarting, nil
	id, err := j.Begin(m.deploy, &starting, plan)
	if err != nil {
		return err
	}
	for i, s := range plan {
		if err := j.Intent(id, i+1, s); err != nil {
			return err
		}
		if err := m.effect(j, s); err != nil {
			return err
		}
		if err := j.Result(id, i+1, ""); err != nil {
			return err
		}
	}
	if err := j.SetState(app, n, release.StateLive, m.release.Color, ""); err != nil {
		return err
	}
	return j.End(id, release.OutcomeDone, m.receipt)
}

// effect is what a step leaves in the journal.
func (m model) effect(j *journal.Journal, s release.Step) error {
	switch s.Kind {
	case release.StepStart:
		return j.SaveSpec(m.spec)
	case release.StepPrune:
		return j.Prune(m.release.App, append(s.Keep, m.release.Number))
	}
	return nil
}
