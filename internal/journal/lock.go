package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"teal/internal/release"
)

// hold is a lock this process has.
type hold struct {
	lock      *flock.Flock
	forgotten bool // the app was forgotten: the file goes with the lock
}

// holder is what the file of a lock says of who has it. The kernel alone
// knows whether anyone has it at all.
type holder struct {
	By    string    `json:"by"` // user@host
	PID   int       `json:"pid"`
	Since time.Time `json:"since"`
}

// patience is how long a lock is tried for before it counts as taken. Running
// holds the file for an instant, and that must not refuse a deploy.
const (
	patience = 100 * time.Millisecond
	retry    = 10 * time.Millisecond
)

// Lock takes the app's lock, which no other process, and nobody else in this
// one, has until unlock is called or this process ends. If it is taken, the
// error is a *release.Error with code Locked that names the holder, since
// when, and the step it is at.
func (j *Journal) Lock(app string) (unlock func() error, err error) {
	path, err := j.lockFile(app)
	if err != nil {
		return nil, err
	}
	lock, err := j.acquire(path)
	if err != nil {
		return nil, j.fault("lock "+app, err)
	}
	if lock == nil {
		return nil, j.refusal(app, path)
	}
	if err := sign(path); err != nil {
		return nil, errors.Join(j.fault("sign the lock of "+app, err), lock.Unlock())
	}
	h := &hold{lock: lock}
	j.mu.Lock()
	j.held[app] = h
	j.mu.Unlock()
	return sync.OnceValue(func() error { return j.release(app, h) }), nil
}

// Running reports whether a process holds the app's lock at this moment: an
// unended deploy whose lock nobody holds was killed.
func (j *Journal) Running(app string) (bool, error) {
	lock := flock.New(j.lockPath(app), flock.SetFlag(os.O_RDONLY))
	got, err := lock.TryRLock()
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, j.fault("look at the lock of "+app, err)
	}
	return !got, lock.Unlock()
}

// Holder is the process that holds the lock of an app of the state root at
// this moment, 0 if none does. It needs no database.
func Holder(root, app string) (pid int, err error) {
	j := &Journal{root: root, readOnly: true}
	held, err := j.Running(app)
	if err != nil || !held {
		return 0, err
	}
	text, err := os.ReadFile(j.lockPath(app))
	if err != nil {
		return 0, j.fault("read the lock of "+app, err)
	}
	var who holder
	if err := json.Unmarshal(text, &who); err != nil {
		return 0, j.fault("read the lock of "+app, err)
	}
	return who.PID, nil
}

func (j *Journal) lockPath(app string) string { return filepath.Join(j.root, "locks", app) }

// lockFile is the path of the app's lock, its folder made.
func (j *Journal) lockFile(app string) (string, error) {
	if app == "" || strings.ContainsAny(app, "/\x00") || !filepath.IsLocal(app) {
		return "", fmt.Errorf("%q is not an app name", app)
	}
	if j.readOnly {
		return "", fmt.Errorf("lock %s: the journal is open for reading", app)
	}
	path := j.lockPath(app)
	return path, j.fault("make the folder of locks", makeFolder(filepath.Dir(path)))
}

// acquire tries to take the lock for as long as patience goes; nil if another
// has it.
func (j *Journal) acquire(path string) (*flock.Flock, error) {
	limit := time.NewTimer(patience)
	defer limit.Stop()
	again := time.NewTicker(retry)
	defer again.Stop()
	for {
		lock, err := try(path)
		if lock != nil || err != nil {
			return lock, err
		}
		select {
		case <-limit.C:
			return nil, nil
		case <-again.C:
		}
	}
}

// try takes the lock if it is free. The file that was locked must still be the
// one the name leads to: its holder may have removed it between our opening
// and our locking it, and then the next one would lock another file.
func try(path string) (*flock.Flock, error) {
	lock := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	got, err := lock.TryLock()
	if err != nil || !got {
		return nil, err
	}
	ours, err := lock.Stat()
	if err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	named, err := os.Stat(path)
	if err == nil && os.SameFile(ours, named) {
		return lock, nil
	}
	return nil, lock.Unlock()
}

// release gives the lock back. The file of a forgotten app is removed while
// the lock is still held, as the last thing: whoever makes it anew then meets
// a holder who is done.
func (j *Journal) release(app string, h *hold) error {
	j.mu.Lock()
	if j.held[app] == h {
		delete(j.held, app)
	}
	forgotten := h.forgotten
	j.mu.Unlock()
	var err error
	if forgotten {
		err = os.Remove(h.lock.Path())
	}
	return j.fault("unlock "+app, errors.Join(err, h.lock.Unlock()))
}

// sign writes who has the lock into its file.
func sign(path string) error {
	text, err := json.Marshal(holder{By: whoami(), PID: os.Getpid(), Since: time.Now()})
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}

// whoami is user@host, as far as the system knows them.
func whoami() string {
	name := fmt.Sprintf("uid %d", os.Getuid())
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if host, err := os.Hostname(); err == nil {
		return name + "@" + host
	}
	return name
}

// refusal says who has the lock. The unended deploy of the journal is the
// holder's only if its process is: another's was killed, and the holder is
// about to mend that.
func (j *Journal) refusal(app, path string) error {
	var who holder
	if text, err := os.ReadFile(path); err == nil {
		_ = json.Unmarshal(text, &who) // half-written: we name less, the lock is taken all the same
	}
	e := &release.Error{
		Code: release.Locked,
		What: "another teal works on " + app,
		Next: "wait for it, or watch it with: teal status",
	}
	if who.PID != 0 {
		e.What = fmt.Sprintf("another teal works on %s: %s (pid %d) since %s", app, who.By, who.PID, clock(who.Since))
	}
	unended, err := j.UnendedBy(app, who.PID)
	if err != nil {
		e.Detail = []string{"what it does is not known: " + err.Error()}
	}
	if unended != nil {
		e.What = describe(*unended)
	}
	return e
}

// describe is a running deploy in one line.
func describe(d release.Deploy) string {
	what := fmt.Sprintf("a %s of %s is running: ", d.Kind, d.App)
	if d.Release > 0 {
		what += fmt.Sprintf("release %d ", d.Release)
	}
	what += fmt.Sprintf("by %s (pid %d) since %s", d.By, d.PID, clock(d.Started))
	if d.Step != "" {
		what += ", at " + d.Step
	}
	return what
}

// clock is a time of today, or one with its date.
func clock(t time.Time) string {
	t = t.Local()
	if t.Format(time.DateOnly) == time.Now().Format(time.DateOnly) {
		return t.Format(time.TimeOnly)
	}
	return t.Format(time.DateTime)
}
