package journal

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"teal/internal/release"
)

//go:embed schema.sql
var schema string

// schemaVersion is the schema this teal writes (SQLite's user_version), and
// applicationID marks a database as teal's ("teal" in ASCII).
const (
	schemaVersion = 1
	applicationID = 0x7465616c
)

// prepare makes the state root and the database where they are missing.
func (j *Journal) prepare() error {
	if err := makeFolder(j.root); err != nil {
		return err
	}
	if err := j.ours(); err != nil {
		return err
	}
	if err := j.share(); err != nil {
		return err
	}
	return j.database()
}

// database makes the database where it is missing, and sees to its mode.
func (j *Journal) database() error {
	info, err := os.Stat(j.file())
	if errors.Is(err, fs.ErrNotExist) {
		return j.create()
	}
	if err != nil {
		return err
	}
	if info.Mode().Perm() != 0o600 {
		return os.Chmod(j.file(), 0o600)
	}
	return nil
}

// makeFolder makes a folder that everyone may walk through, whatever the
// umask; one that is there stays as it is.
func makeFolder(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return err
	}
	return os.Chmod(path, 0o755)
}

// create makes the database under another name and links it to its own when
// it is complete: a kill leaves none, and of two processes one comes first.
func (j *Journal) create() error {
	if err := j.refuseRemains(); err != nil {
		return err
	}
	draft, err := os.CreateTemp(j.root, ".new-*.db") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	if err := errors.Join(draft.Chmod(0o600), draft.Close()); err != nil {
		return err
	}
	if err := fill(draft.Name()); err != nil {
		return err
	}
	if err := os.Link(draft.Name(), j.file()); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncFolder(j.root)
}

// refuseRemains refuses to make a database beside the log of one that was
// taken away: SQLite would replay that log into the new one.
func (j *Journal) refuseRemains() error {
	if err := j.forgetAside(); err != nil {
		return err
	}
	log := j.file() + "-wal"
	if info, err := os.Stat(log); err != nil || info.Size() == 0 {
		return nil
	}
	// Another process may have made the database since it was looked for.
	if _, err := os.Stat(j.file()); err == nil {
		return nil
	}
	return &release.Error{
		Code: release.Internal,
		What: fmt.Sprintf("%s is gone, but its log %s is there", j.file(), filepath.Base(log)),
		Next: "put " + fileName + " back, or move the log away too",
	}
}

// fill writes the schema. Closing the only connection of a database in WAL
// mode moves everything into the file itself and removes the log
// (https://sqlite.org/wal.html#avoiding_excessively_large_wal_files).
func fill(file string) error {
	db, err := open(file, "rw")
	if err != nil {
		return err
	}
	_, err = db.Exec(fmt.Sprintf("PRAGMA journal_mode = WAL; BEGIN; %s PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT;",
		schema, applicationID, schemaVersion))
	return errors.Join(err, db.Close())
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// checkSchema refuses a database that this teal can't use.
func (j *Journal) checkSchema() error {
	var id, version int
	err := j.db.QueryRow("SELECT application_id, user_version FROM pragma_application_id, pragma_user_version").Scan(&id, &version)
	switch {
	case err != nil:
		return err
	case id != applicationID || version < 1:
		return &release.Error{
			Code: release.Internal,
			What: j.file() + " is not a journal of teal",
			Next: "move it away, or name another state folder in TEAL_STATE_DIR",
		}
	case version > schemaVersion:
		return &release.Error{
			Code: release.Invalid,
			What: fmt.Sprintf("%s was written by a newer teal (schema %d, this one knows %d)", j.file(), version, schemaVersion),
			Next: "install that teal again; see teal version",
		}
	}
	return nil
}
