package nginx

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"teal/internal/nginx/render"
	"teal/internal/release"
)

// Shift makes the table the live one: one rename of a symlink, which all
// workers of all proxies see at the same instant. It is durable when it
// returns. Shifting to the table that is live already changes nothing.
func (r *Router) Shift(ctx context.Context, app release.App, table release.Table) error {
	if err := r.tabled(ctx, table); err != nil {
		return fmt.Errorf("build table %s: %w", table.Name(), err)
	}
	if on, known := r.onDisk(app.Name); known && on == table {
		return nil
	}
	if err := r.link(app.Name, table); err != nil {
		return fmt.Errorf("shift to table %s: %w", table.Name(), err)
	}
	return nil
}

// tabled makes sure that the table is there, which it nearly always is.
func (r *Router) tabled(ctx context.Context, table release.Table) error {
	if r.complete(table) {
		return nil
	}
	unlock, err := r.exclusive(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return r.build(table)
}

func (r *Router) link(app string, table release.Table) error {
	if err := folder(r.lives()); err != nil {
		return err
	}
	// The name is free to use again: whoever holds the app's deploy lock is
	// the only one to shift it, and what a killed one left is in the way.
	next := r.next(app)
	if err := lift(next); err != nil {
		return err
	}
	if err := symlink(filepath.Join("..", "tables", table.Name()), next); err != nil {
		return err
	}
	if err := rename(next, r.live(app)); err != nil {
		return err
	}
	return syncFolder(r.lives())
}

// onDisk is the table the app's symlink names.
func (l layout) onDisk(app string) (release.Table, bool) {
	target, err := os.Readlink(l.live(app))
	if err != nil {
		return release.Table{}, false
	}
	table, err := release.ParseTable(filepath.Base(target))
	return table, err == nil
}

// complete reports whether the table can be linked to: it says its name, and
// has the buckets that go to green and no other. One that was built is, but
// a folder may have lost what is in it to a power cut or to somebody's hand.
func (l layout) complete(table release.Table) bool {
	dir := l.table(table)
	name, err := os.ReadFile(filepath.Join(dir, "table"))
	if err != nil || string(name) != nameOf(table) {
		return false
	}
	for n, bucket := range render.Buckets() {
		if remains(filepath.Join(dir, bucket)) != (n < table.Green) {
			return false
		}
	}
	return true
}

// nameOf is what the control location answers by the table.
func nameOf(table release.Table) string { return table.Name() + "\n" }

// build makes the table's folder unless it is there. Only the holder of the
// lock builds, so drafts that lie about are a killed one's.
func (l layout) build(table release.Table) error {
	if l.complete(table) {
		return nil
	}
	if remains(l.table(table)) {
		return l.mend(table)
	}
	if err := folder(l.tables()); err != nil {
		return err
	}
	draft := filepath.Join(l.tables(), ".draft")
	if err := errors.Join(liftAll(draft), mkdir(draft)); err != nil {
		return err
	}
	if err := fill(draft, table); err != nil {
		return err
	}
	if err := rename(draft, l.table(table)); err != nil {
		return err
	}
	return syncFolder(l.tables())
}

// mend makes a table whole in its place: it may be a live one, and without its
// folder nginx would send everyone to blue.
func (l layout) mend(table release.Table) error {
	dir := l.table(table)
	if err := fill(dir, table); err != nil {
		return err
	}
	for _, bucket := range render.Buckets()[table.Green:] {
		if err := lift(filepath.Join(dir, bucket)); err != nil {
			return err
		}
	}
	return syncFolder(dir)
}

// fill writes a file for each bucket that goes to green, and the table's name,
// which the control location serves. The name is on the disk before its file
// has a name of its own; of a bucket's file only that it is there counts.
func fill(dir string, table release.Table) error {
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	for _, bucket := range render.Buckets()[:table.Green] {
		if err := publish(filepath.Join(dir, bucket), ""); err != nil {
			return err
		}
	}
	if err := replace(filepath.Join(dir, "table"), []byte(nameOf(table)), 0o644); err != nil {
		return err
	}
	return syncFolder(dir)
}
