package journal

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"teal/internal/release"
)

// roleWrite deploys again and again and prints each write that has returned.
func roleWrite(root string) error {
	j, err := Open(root)
	if err != nil {
		return err
	}
	m, err := j.Memory("voda")
	if err != nil {
		return err
	}
	for number := m.Next; ; number++ {
		d := release.Deploy{App: "voda", Kind: release.KindDeploy, Release: number, Started: time.Now()}
		id, err := j.Begin(d, &release.Release{Number: number}, plan)
		if err != nil {
			return err
		}
		fmt.Println("begun", id, number)
		for n := 1; n <= len(plan); n++ {
			if err := j.Intent(id, n, plan[n-1]); err != nil {
				return err
			}
			fmt.Println("intent", id, n)
			if err := errors.Join(j.SaveSpec(spec(number)), j.Result(id, n, "")); err != nil {
				return err
			}
			fmt.Println("result", id, n)
		}
		err = errors.Join(j.SetState("voda", number, release.StateLive, release.Green, ""), j.End(id, release.OutcomeDone, receipt(number)))
		if err != nil {
			return err
		}
		fmt.Println("ended", id, number)
	}
}

// TestAKillAtAnyWriteLosesNothingThatWasReturned kills the writer after 1, 2,
// 3 … lines, wherever it is by then, and looks whether all it printed is
// there.
func TestAKillAtAnyWriteLosesNothingThatWasReturned(t *testing.T) {
	root := t.TempDir()
	for lines := 1; lines <= 30; lines++ {
		writer := child(t, "write", root).start()
		said := make([]string, 0, lines)
		for range lines {
			said = append(said, writer.line())
		}
		writer.kill()
		j, err := Open(root)
		must(t, err)
		for _, line := range said {
			if err := remembered(j, line); err != nil {
				t.Errorf("after %d lines: %q: %v", lines, line, err)
			}
		}
		must(t, oneLive(j), j.Close())
	}
}

// remembered is an error unless the write that the line tells of is there.
func remembered(j *Journal, line string) error {
	var what string
	var id int64
	var n int
	if _, err := fmt.Sscan(line, &what, &id, &n); err != nil {
		return err
	}
	steps, err := j.Steps(id)
	if err != nil || len(steps) != len(plan) {
		return fmt.Errorf("%d steps: %w", len(steps), err)
	}
	switch {
	case what == "intent" && steps[n-1].Began.IsZero(), what == "result" && steps[n-1].Ended.IsZero():
		return errors.New("not there")
	case what == "ended":
		r, err := j.Receipt(id)
		if err != nil || r == nil || r.Release != n {
			return fmt.Errorf("receipt %+v: %w", r, err)
		}
		_, err = j.Spec("voda", n)
		return err
	}
	return nil
}

// oneLive is an error if two releases are live.
func oneLive(j *Journal) error {
	all, err := j.History("voda", 0)
	live := 0
	for _, r := range all {
		if r.State == release.StateLive {
			live++
		}
	}
	if live > 1 {
		return fmt.Errorf("%d releases are live", live)
	}
	return err
}
