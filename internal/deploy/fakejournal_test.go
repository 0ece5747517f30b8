package deploy

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"teal/internal/release"
)

// fakeJournal is the journal of a machine. Every write may be the last.
type fakeJournal struct{ *machine }

// entry is a write: it is there whole, or not at all.
func (j fakeJournal) entry(do func()) error {
	j.n++
	if j.strikes("journal") && !j.fault.late {
		return j.fault.err
	}
	do()
	j.changed()
	if j.strikes("journal") {
		return j.fault.err
	}
	return nil
}

func (j fakeJournal) Lock(string) (func() error, error) {
	if j.locked {
		return nil, &release.Error{Code: release.Locked, What: "a deploy is running"}
	}
	j.locked = true
	return func() error { j.locked = false; return nil }, nil
}

func (j fakeJournal) Memory(string) (release.Memory, error) {
	if err := j.down("journal"); err != nil {
		return release.Memory{}, err
	}
	m := j.memory
	m.Releases, m.Unended = slices.Clone(m.Releases), j.unended()
	for _, d := range slices.Backward(j.deploys) {
		if d.Ended.IsZero() && d.ID != m.Unended.ID {
			m.Older = append(m.Older, d)
		}
	}
	return m, nil
}

// unended is the newest deploy that never ended; of an undo it tells what that
// takes back, ended or not. So does the real journal.
func (j fakeJournal) unended() (found *release.Deploy) {
	for i := range j.deploys {
		if d := j.deploys[i]; d.Ended.IsZero() {
			found = &d
		}
	}
	if found == nil || found.Kind != release.KindUndo {
		return found
	}
	for i := range j.deploys {
		if d := j.deploys[i]; d.ID < found.ID && d.Kind != release.KindUndo {
			found.Undoes = &d
		}
	}
	return found
}

func (j fakeJournal) SaveNetwork(_ string, net release.Network) error {
	return j.entry(func() { j.memory.Network = net })
}

func (j fakeJournal) Begin(d release.Deploy, rel *release.Release, _ []release.Step) (int64, error) {
	d.ID = int64(len(j.deploys)) + 1
	return d.ID, j.entry(func() {
		if rel != nil {
			j.memory.Releases = slices.Insert(j.memory.Releases, 0, *rel)
			j.memory.Next = rel.Number + 1
		}
		j.deploys = append(j.deploys, d)
	})
}

func (j fakeJournal) SaveSpec(s release.Spec) error {
	return j.entry(func() {
		j.specs[s.Number] = s
		for i, r := range j.memory.Releases {
			if r.Number == s.Number {
				j.memory.Releases[i].Images, j.memory.Releases[i].Kept = maps.Clone(s.Images), true
			}
		}
	})
}

func (j fakeJournal) Spec(_ string, number int) (release.Spec, error) {
	s, ok := j.specs[number]
	if !ok {
		return s, &release.Error{Code: release.Invalid, What: fmt.Sprintf("no spec of release %d", number)}
	}
	return s, nil
}

func (j fakeJournal) Intent(id int64, _ int, s release.Step) error {
	return j.entry(func() { j.deploys[id-1].Step, j.deploys[id-1].At = fmt.Sprint(s.Kind, " ", s.Subject), s })
}

func (j fakeJournal) Result(id int64, _ int, _ string) error {
	return j.entry(func() { j.deploys[id-1].At = release.Step{} })
}

func (j fakeJournal) SetState(_ string, number int, state release.State, c release.Color, reason string) error {
	return j.entry(func() { j.setState(number, state, c, reason) })
}

func (j fakeJournal) setState(number int, state release.State, c release.Color, reason string) {
	for i := range j.memory.Releases {
		r := &j.memory.Releases[i]
		switch {
		case r.Number == number:
			r.State, r.Reason = state, reason
			if c != release.None {
				r.Color = c
			}
		case state == release.StateLive && r.State == release.StateLive && r.Number > number:
			r.State = release.StateWithdrawn
		case state == release.StateLive && r.State == release.StateLive:
			r.State = release.StateReplaced
		}
	}
}

func (j fakeJournal) Restore(r release.Release) error {
	return j.entry(func() {
		j.memory.Releases = slices.Insert(j.memory.Releases, 0, r)
		j.memory.Next = max(j.memory.Next, r.Number+1)
	})
}

func (j fakeJournal) Prune(_ string, keep []int) error {
	return j.entry(func() {
		for i, r := range j.memory.Releases {
			if !slices.Contains(keep, r.Number) {
				delete(j.specs, r.Number)
				j.memory.Releases[i].Kept, j.memory.Releases[i].Images = false, nil
			}
		}
	})
}

func (j fakeJournal) End(id int64, outcome release.Outcome, _ *release.Receipt) error {
	if !j.deploys[id-1].Ended.IsZero() {
		return fmt.Errorf("deploy %d does not run", id)
	}
	return j.entry(func() { j.deploys[id-1].Ended, j.deploys[id-1].Outcome = time.Now(), outcome })
}

func (j fakeJournal) Forget(string) error {
	return j.entry(func() { j.memory, j.deploys, j.specs = release.Memory{Next: 1}, nil, map[int]release.Spec{} })
}
