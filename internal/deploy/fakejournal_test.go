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

func (j fakeJournal) Lock(string) (func() error, error) {
	if j.locked {
		return nil, &release.Error{Code: release.Locked, What: "a deploy is running"}
	}
	j.locked = true
	return func() error { j.locked = false; return nil }, nil
}

func (j fakeJournal) Memory(string) (release.Memory, error) {
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
	j.memory.Network = net
	return j.entry()
}

func (j fakeJournal) Begin(d release.Deploy, rel *release.Release, _ []release.Step) (int64, error) {
	d.ID = int64(len(j.deploys)) + 1
	if rel != nil {
		j.memory.Releases = slices.Insert(j.memory.Releases, 0, *rel)
		j.memory.Next = rel.Number + 1
	}
	j.deploys = append(j.deploys, d)
	return d.ID, j.entry()
}

func (j fakeJournal) SaveSpec(s release.Spec) error {
	j.specs[s.Number] = s
	for i, r := range j.memory.Releases {
		if r.Number == s.Number {
			j.memory.Releases[i].Images, j.memory.Releases[i].Kept = maps.Clone(s.Images), true
		}
	}
	return j.entry()
}

func (j fakeJournal) Spec(_ string, number int) (release.Spec, error) {
	s, ok := j.specs[number]
	if !ok {
		return s, &release.Error{Code: release.Invalid, What: fmt.Sprintf("no spec of release %d", number)}
	}
	return s, nil
}

func (j fakeJournal) Intent(id int64, _ int, s release.Step) error {
	j.deploys[id-1].Step = fmt.Sprint(s.Kind, " ", s.Subject)
	return j.entry()
}

func (j fakeJournal) Result(int64, int, string) error { return j.entry() }

func (j fakeJournal) SetState(_ string, number int, state release.State, c release.Color, reason string) error {
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
	return j.entry()
}

func (j fakeJournal) Restore(r release.Release) error {
	j.memory.Releases = slices.Insert(j.memory.Releases, 0, r)
	j.memory.Next = max(j.memory.Next, r.Number+1)
	return j.entry()
}

func (j fakeJournal) Prune(string, []int) error { return j.entry() }

func (j fakeJournal) End(id int64, _ release.Outcome, _ *release.Receipt) error {
	j.deploys[id-1].Ended = time.Now()
	return j.entry()
}

func (j fakeJournal) Forget(string) error {
	j.memory, j.deploys = release.Memory{Next: 1}, nil
	return j.entry()
}
