//go:build linux

package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"

	_ "modernc.org/sqlite" // the journal is read as it lies there
)

// crowd starts so many deploys at once: one at a time runs, the others are
// told who holds the lock, and the journal has one after the other. It returns
// how many were refused.
func (h *hall) crowd(ctx context.Context, s *site, many int) (refused int, err error) {
	before, err := s.deploys(ctx)
	if err != nil {
		return 0, err
	}
	all := make([]*command, many)
	for n := range all {
		s.version++
		all[n] = s.command(ctx, "deploy", "--json")
	}
	if err := together(all); err != nil {
		return 0, err
	}
	if refused, err = judgeCrowd(all); err != nil {
		return refused, err
	}
	after, err := s.deploys(ctx)
	if err != nil {
		return refused, err
	}
	if done := many - refused; len(after) != len(before)+done {
		return refused, fmt.Errorf("%d deploys got through, the journal has %d more", done, len(after)-len(before))
	}
	return refused, inLine(after)
}

// together runs all commands at once to their ends.
func together(all []*command) error {
	failed := make([]error, len(all))
	var running sync.WaitGroup
	for n, c := range all {
		running.Go(func() {
			if err := c.Run(); c.ProcessState == nil {
				failed[n] = err // else what it came to is its exit code
			}
		})
	}
	running.Wait()
	return errors.Join(failed...)
}

var holderPID = regexp.MustCompile(`\(pid (\d+)\) since`)

// judgeCrowd checks that each got through or was refused for one that did.
func judgeCrowd(all []*command) (refused int, err error) {
	done := map[int]bool{}
	for _, c := range all {
		if c.ProcessState.ExitCode() == 0 {
			done[c.Process.Pid] = true
		}
	}
	for _, c := range all {
		if done[c.Process.Pid] {
			continue
		}
		named := holderPID.FindStringSubmatch(c.told())
		if c.ProcessState.ExitCode() != 4 || named == nil {
			return refused, fmt.Errorf("exit %d, without a holder of the lock\n%s", c.ProcessState.ExitCode(), c.told())
		}
		if pid, err := strconv.Atoi(named[1]); err != nil || !done[pid] {
			return refused, fmt.Errorf("told to wait for %s, of %v that got through\n%s", named[1], done, c.told())
		}
		refused++
	}
	if len(done) == 0 {
		return refused, fmt.Errorf("none of %d got through\n%s", len(all), all[0].told())
	}
	return refused, nil
}

// entry is a deploy in the journal.
type entry struct {
	id, release, started int64
	ended                sql.NullInt64
	outcome              string
}

// deploys are the site's, the oldest first.
func (s *site) deploys(ctx context.Context) ([]entry, error) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.state(), "teal.db")+"?mode=ro")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, "SELECT id, release, started, ended, outcome FROM deploys WHERE app = ? ORDER BY id", s.name)
	if err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	defer rows.Close()
	var all []entry
	for rows.Next() {
		var e entry
		if err := rows.Scan(&e.id, &e.release, &e.started, &e.ended, &e.outcome); err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, rows.Err()
}

// inLine checks that each deploy began when the one before had ended, and that
// no two released the same number.
func inLine(all []entry) error {
	for i, e := range all {
		if !e.ended.Valid || e.outcome == "" {
			return fmt.Errorf("deploy %d has not ended: %+v", e.id, all)
		}
		if i > 0 && (e.started < all[i-1].ended.Int64 || e.release <= all[i-1].release) {
			return fmt.Errorf("deploy %d did not follow on %d: %+v", e.id, all[i-1].id, all)
		}
	}
	return nil
}
