// Package journal remembers, in a SQLite database under the state root, what
// teal began and how it ended: the plan of every deploy with an intent before
// and a result after each step, releases with what is needed to run them
// again, and the addresses of each app. It also holds the lock of an app.
//
// Its invariant: what a method has returned is on disk, whole, and survives
// the death of the process and of the machine; what it has not returned is
// there whole or not at all. The lock is the kernel's, so it dies with its
// holder, and a file left behind is no lock.
package journal

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"github.com/gofrs/flock"
	_ "modernc.org/sqlite" // the driver named sqlite
)

// Journal is an open journal. Its methods may be called by several goroutines
// and by several processes at a time.
type Journal struct {
	root     string
	readOnly bool
	db       *sql.DB

	writers *flock.Flock // the lock that all share who write; nil for a reader
	aside   *Aside

	mu   sync.Mutex
	held map[string]*hold // locks this Journal has, by app
}

// fileName is the database's name under the state root.
const fileName = "teal.db"

// Open opens the journal of a state root for reading and writing, and makes
// both where missing: the root with mode 0755, since nginx's workers walk
// through it, the database with mode 0600, since it holds the secrets of
// compose files. A damaged database is set aside, see SetAside, and a new one
// begun; one of a newer teal, or that is none of teal's, is left as it is: the
// error is a *release.Error that says what to do.
func Open(root string) (*Journal, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	j := &Journal{root: root, held: map[string]*hold{}}
	if err := j.prepare(); err != nil {
		return nil, errors.Join(j.fault("prepare the state folder", err), j.leave())
	}
	if err := j.connectSound(); err != nil {
		return nil, errors.Join(err, j.leave())
	}
	return j, nil
}

// OpenReadOnly opens the journal for reading. It creates nothing: where there
// is none, the Journal knows no app.
func OpenReadOnly(root string) (*Journal, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	j := &Journal{root: root, readOnly: true, held: map[string]*hold{}}
	_, err = os.Stat(j.file())
	if errors.Is(err, fs.ErrNotExist) {
		return j.orNone(j.connectEmpty())
	}
	if err != nil {
		return nil, j.fault("open the journal", err)
	}
	return j.orNone(j.connect("ro"))
}

// orNone is the Journal, or nil with the error: one without a database can't
// be closed.
func (j *Journal) orNone(err error) (*Journal, error) {
	if err != nil {
		return nil, err
	}
	return j, nil
}

// Close lets go of the database. Locks of apps stay until they are unlocked.
func (j *Journal) Close() error {
	return j.fault("close the journal", errors.Join(j.db.Close(), j.leave()))
}

// leave gives the lock back that all share who write. It comes after the
// database is closed: closing may remove its log.
func (j *Journal) leave() error {
	if j.writers == nil {
		return nil
	}
	return j.writers.Unlock()
}

func (j *Journal) file() string { return filepath.Join(j.root, fileName) }

// connect opens the database, which exists, and checks that it is one of ours.
func (j *Journal) connect(mode string) error {
	db, err := open(j.file(), mode)
	if err != nil {
		return j.fault("open the journal", err)
	}
	j.db = db
	if err := j.checkSchema(); err != nil {
		return errors.Join(j.fault("open the journal", err), db.Close())
	}
	return nil
}

// connectEmpty stands an empty database in memory in for one that isn't there.
func (j *Journal) connectEmpty() error {
	db, err := open("/teal", "memory")
	if err != nil {
		return j.fault("open an empty journal", err)
	}
	j.db = db
	if _, err := db.Exec(schema + "PRAGMA query_only = 1;"); err != nil {
		return errors.Join(j.fault("open an empty journal", err), db.Close())
	}
	return nil
}

// open connects to a database file. One connection is enough: a deploy writes
// one thing after another, and SQLite has one writer at a time anyway. FULL
// synchronisation puts each transaction on disk before it returns
// (https://sqlite.org/pragma.html#pragma_synchronous); an immediate
// transaction waits for another process's at its start, where it can.
func open(file, mode string) (*sql.DB, error) {
	options := url.Values{
		"mode":          {mode},
		"_busy_timeout": {"10000"},
		"_synchronous":  {"FULL"},
		"_txlock":       {"immediate"},
		"_defensive":    {"1"},
		"_dqs":          {"0"},
		"_error_rc":     {"1"},
	}
	name := url.URL{Scheme: "file", Path: file, RawQuery: options.Encode()}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, db.Ping()
}

// write runs change in one transaction, on disk when it returns without error.
func (j *Journal) write(action string, change func(tx *sql.Tx) error) error {
	return j.transact(action, nil, change)
}

// read runs look on one state of the database, which no writer changes
// meanwhile.
func (j *Journal) read(action string, look func(tx *sql.Tx) error) error {
	return j.transact(action, &sql.TxOptions{ReadOnly: true}, look)
}

func (j *Journal) transact(action string, options *sql.TxOptions, do func(tx *sql.Tx) error) error {
	tx, err := j.db.BeginTx(context.Background(), options)
	if err != nil {
		return j.fault(action, err)
	}
	if err := do(tx); err != nil {
		return j.fault(action, errors.Join(err, tx.Rollback()))
	}
	return j.fault(action, tx.Commit())
}

// changed is an error unless the statement changed a row; without says what
// is missing then.
func changed(result sql.Result, err error, without error) error {
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err == nil && n == 0 {
		return without
	}
	return err
}

// row scans the columns of one row, as sql.Rows.Scan does.
type row func(into ...any) error

// each hands every row of a query to read. The rows are closed when it
// returns: with one connection, a query inside read would wait for ever.
func each(tx *sql.Tx, read func(row) error, query string, args ...any) error {
	rows, err := tx.Query(query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := read(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
