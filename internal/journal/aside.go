package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"teal/internal/release"
)

// errDamaged marks an error by which SQLite itself says that the database is
// no whole one: one that is busy, may not be read, lies on a disk that fails
// or was written by a newer teal never is.
var errDamaged = errors.New("the database is damaged")

// damage is such an error; it reads as SQLite said it.
type damage struct{ error }

func (damage) Is(target error) bool { return target == errDamaged }

func (d damage) Unwrap() error { return d.error }

// Aside is a damaged database that was put out of the way.
type Aside struct {
	File string // its new name; its log, where it had one, is beside it
	Why  string // what SQLite says of it
}

// parts are what a database's files end in.
var parts = []string{"", "-wal", "-shm"}

// asideMark is between the database's name and the time it was set aside.
const asideMark = ".damaged-"

// Times of the lock that writers share. One who opens has it for an instant
// before it knows that the database is damaged; setting aside takes a few
// syncs of the disk.
const (
	settingAside = 10 * time.Second
	untilAlone   = 2 * time.Second
)

// SetAside is the damaged database that was put out of the way when this
// Journal was opened, nil if it was sound.
func (j *Journal) SetAside() *Aside { return j.aside }

// share takes the lock of all who have the journal open for writing, which is
// on the state root itself. Who sets a damaged database aside has it alone: a
// writer that still had the old one open would go on writing there, and would
// take the new one's log away when it closes, since SQLite removes that by
// name (https://sqlite.org/howtocorrupt.html#_unlinking_or_renaming_a_database_file_while_in_use).
func (j *Journal) share() error {
	j.writers = flock.New(j.root, flock.SetFlag(os.O_RDONLY))
	ctx, cancel := context.WithTimeout(context.Background(), settingAside)
	defer cancel()
	_, err := j.writers.TryRLockContext(ctx, retry)
	if errors.Is(err, context.DeadlineExceeded) {
		return &release.Error{
			Code: release.Locked, What: "another teal sets the damaged journal " + j.file() + " aside",
			State: "nothing was changed", Next: "wait for it, then the same command again",
		}
	}
	return err
}

// connectSound opens the database for writing once a reader, which changes
// neither it nor its log, has found it whole. A damaged one is replaced.
func (j *Journal) connectSound() error {
	err := j.check()
	if errors.Is(err, errDamaged) {
		if err = j.replace(err); err == nil {
			err = j.check()
		}
	}
	if err != nil {
		return err
	}
	return j.connect("rw")
}

// check has SQLite read all of the database, its indices too: a hundredth of a
// second for a thousand releases.
func (j *Journal) check() error {
	reader := &Journal{root: j.root}
	if err := reader.connect("ro"); err != nil {
		return err
	}
	return errors.Join(reader.integrity(), reader.Close())
}

// integrity is a damaged error with SQLite's first findings
// (https://sqlite.org/pragma.html#pragma_integrity_check).
func (j *Journal) integrity() error {
	rows, err := j.db.Query("PRAGMA integrity_check(3)")
	if err != nil {
		return j.fault("check the journal", err)
	}
	defer rows.Close()
	var said []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return j.fault("check the journal", err)
		}
		said = append(said, line)
	}
	if err := rows.Err(); err != nil {
		return j.fault("check the journal", err)
	}
	if len(said) == 1 && said[0] == "ok" {
		return nil
	}
	return j.damaged(errors.New(strings.Join(said, "; ")))
}

// replace puts the damaged database aside and begins a new one, alone with the
// journal; or waits until another has done so.
func (j *Journal) replace(found error) error {
	was, err := os.Stat(j.file())
	if err != nil {
		return j.fault("look at the journal", err)
	}
	alone, err := j.alone(was)
	if err != nil {
		return j.fault("lock the journal", err)
	}
	if !alone {
		return j.inUse(found)
	}
	// Another may have been here between our looking and our lock.
	if err := j.check(); j.writers.Locked() && errors.Is(err, errDamaged) {
		if err := j.moveAside(err); err != nil {
			return j.fault("set the damaged journal aside", err)
		}
	}
	err = errors.Join(j.database(), j.writers.Unlock())
	return j.fault("begin a new journal", errors.Join(err, j.share()))
}

// alone changes the shared lock into one for us alone, false if others keep
// the journal open. That the file is another one by now ends the waiting, with
// the shared lock: who replaced it works with it.
func (j *Journal) alone(was fs.FileInfo) (bool, error) {
	if err := j.writers.Unlock(); err != nil {
		return false, err
	}
	limit, again := time.NewTimer(untilAlone), time.NewTicker(retry)
	defer limit.Stop()
	defer again.Stop()
	for {
		if got, err := j.writers.TryLock(); got || err != nil {
			return got, err
		}
		if now, err := os.Stat(j.file()); err == nil && !os.SameFile(was, now) {
			return true, j.share()
		}
		select {
		case <-limit.C:
			return false, nil
		case <-again.C:
		}
	}
}

// moveAside gives the database and its log a name with the time in it. First
// each has both names, then the old ones go, the database's before its log's:
// a kill in between loses nothing, and forgetAside knows what was meant.
func (j *Journal) moveAside(found error) error {
	to := j.file() + asideMark + time.Now().Format("20060102-150405")
	for _, part := range parts {
		if err := os.Link(j.file()+part, to+part); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := syncFolder(j.root); err != nil {
		return err
	}
	for _, part := range parts {
		if err := os.Remove(j.file() + part); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	j.aside = &Aside{File: to, Why: reason(found)}
	return syncFolder(j.root)
}

// reason is what SQLite said, without our words around it.
func reason(found error) string {
	var e *release.Error
	if errors.As(found, &e) && len(e.Detail) > 0 {
		return strings.Join(e.Detail, "; ")
	}
	return found.Error()
}

// forgetAside takes the old names of a log away that was being set aside when
// teal was killed: it is there under the new one.
func (j *Journal) forgetAside() error {
	for _, part := range parts[1:] {
		log, err := os.Stat(j.file() + part)
		if err != nil {
			continue
		}
		moved, err := filepath.Glob(j.file() + asideMark + "*" + part)
		if err != nil {
			return err
		}
		for _, name := range moved {
			if info, err := os.Stat(name); err == nil && os.SameFile(log, info) {
				if err := os.Remove(j.file() + part); err != nil {
					return err
				}
				break
			}
		}
	}
	return nil
}

// inUse refuses to take a damaged database from under those who write to it.
func (j *Journal) inUse(found error) error {
	what := "the journal " + j.file() + " is damaged, and another teal has it open"
	if who := j.working(); len(who) > 0 {
		what += ", for " + strings.Join(who, ", ")
	}
	return &release.Error{
		Code: release.Locked, What: what, Detail: []string{reason(found)}, State: "nothing was changed",
		Next: "wait for it, then the same command again: it sets the damaged journal aside and begins a new one",
	}
}

// working names the apps that are locked, and by whom.
func (j *Journal) working() []string {
	var who []string
	entries, _ := os.ReadDir(filepath.Join(j.root, "locks")) // without it, nobody is named
	for _, e := range entries {
		if pid, err := Holder(j.root, e.Name()); err == nil && pid != 0 {
			who = append(who, fmt.Sprintf("%s (pid %d)", e.Name(), pid))
		}
	}
	return who
}
