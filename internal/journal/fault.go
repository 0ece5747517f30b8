package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"modernc.org/sqlite"
	lite "modernc.org/sqlite/lib"

	"teal/internal/release"
)

// fault says what went wrong with the journal in words a person can act upon.
// An error that says so itself stays as it is. SQLite's codes are those of
// https://sqlite.org/rescode.html; the low byte is the kind.
func (j *Journal) fault(action string, err error) error {
	if err == nil {
		return nil
	}
	var known *release.Error
	if errors.As(err, &known) {
		return err
	}
	var db *sqlite.Error
	if errors.As(err, &db) {
		return j.databaseFault(action, db.Code()&0xff, err)
	}
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return j.denied(action, err)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return j.full(action, err)
	}
	return fmt.Errorf("%s: %w", action, err)
}

func (j *Journal) databaseFault(action string, kind int, err error) error {
	switch kind {
	case lite.SQLITE_CORRUPT, lite.SQLITE_NOTADB:
		return j.damaged(err)
	case lite.SQLITE_FULL:
		return j.full(action, err)
	case lite.SQLITE_READONLY, lite.SQLITE_PERM, lite.SQLITE_CANTOPEN:
		return j.denied(action, err)
	case lite.SQLITE_BUSY:
		return &release.Error{
			Code: release.Internal,
			What: action + ": another process has been writing to the journal for 10 s",
			Next: "end what holds " + j.file() + ", then try again",
			Err:  err,
		}
	}
	return fmt.Errorf("%s: %w", action, err)
}

// damaged is for what SQLite itself calls so. Whoever changes something sets
// such a database aside when it opens it; whoever only looks leaves it.
func (j *Journal) damaged(err error) error {
	e := &release.Error{
		Code:   release.Internal,
		What:   "the journal " + j.file() + " is damaged",
		Detail: []string{err.Error()},
		Next: "teal deploy, or another command that changes something: it sets the damaged journal aside and rebuilds it from nginx and the containers' labels; " +
			"or put " + fileName + " back from a backup",
		Err: damage{err},
	}
	if j.readOnly {
		e.State = "nothing was changed"
	}
	return e
}

func (j *Journal) denied(action string, err error) error {
	return &release.Error{
		Code:   release.Invalid,
		What:   action + ": " + j.root + " can't be used",
		Detail: []string{err.Error()},
		Next:   "run teal as the user who owns that folder, or name another in TEAL_STATE_DIR",
		Err:    err,
	}
}

func (j *Journal) full(action string, err error) error {
	return &release.Error{
		Code:   release.Internal,
		What:   action + ": no space left for " + j.file(),
		Detail: []string{err.Error()},
		Next:   "make room on that disk, then try again",
		Err:    err,
	}
}
