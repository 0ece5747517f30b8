package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"teal/internal/release"
)

// refused is the error of a lock that is taken.
func refused(t *testing.T, j *Journal) *release.Error {
	t.Helper()
	unlock, err := j.Lock("voda")
	if err == nil {
		_ = unlock()
		t.Fatal("the lock was given twice")
	}
	var e *release.Error
	if !errors.As(err, &e) || e.Code != release.Locked {
		t.Fatalf("have %#v", err)
	}
	return e
}

func TestARefusedLockTellsWhoHoldsItSinceWhenAndAtWhichStep(t *testing.T) {
	root := t.TempDir()
	holder := child(t, "lock", root).start()
	holder.line()
	e := refused(t, opened(t, root))
	want := fmt.Sprintf(`^a deploy of voda is running: release 42 by ana@host \(pid %d\) since 2026-01-02 03:04:05, at step 2 of 7: start green$`, holder.cmd.Process.Pid)
	if !regexp.MustCompile(want).MatchString(e.What) {
		t.Errorf("want %s\nhave %s", want, e.What)
	}
	if e.Next != "wait for it, or watch it with: teal status" {
		t.Errorf("next is %q", e.Next)
	}
}

func TestTheLockDiesWithItsHolder(t *testing.T) {
	root := t.TempDir()
	holder := child(t, "lock", root).start()
	holder.line()
	j := opened(t, root)
	if running, err := j.Running("voda"); err != nil || !running {
		t.Fatalf("running is %v, %v", running, err)
	}
	holder.kill()
	if running, err := j.Running("voda"); err != nil || running {
		t.Fatalf("running is %v, %v", running, err)
	}
	unlock, err := j.Lock("voda")
	must(t, err)
	m, err := j.Memory("voda")
	must(t, err, unlock())
	if m.Unended == nil || m.Unended.Step != "step 2 of 7: start green" || m.Unended.Release != 42 || m.Next != 43 {
		t.Errorf("the killed deploy is remembered as %+v", m.Unended)
	}
}

// A deploy that was killed must not be blamed for what its successor does.
func TestAHolderThatHasNotBegunIsNotTakenForAKilledDeploy(t *testing.T) {
	root := t.TempDir()
	holder := child(t, "lock", root).start()
	holder.line()
	holder.kill()
	j := opened(t, root)
	unlock, err := j.Lock("voda")
	must(t, err)
	defer unlock()
	e := refused(t, opened(t, root))
	if want := fmt.Sprintf("another teal works on voda: %s (pid %d) since ", whoami(), os.Getpid()); !strings.HasPrefix(e.What, want) {
		t.Errorf("want %s…\nhave %s", want, e.What)
	}
}

func TestAFileLeftBehindIsNoLock(t *testing.T) {
	root := t.TempDir()
	j := opened(t, root)
	must(t, os.MkdirAll(root+"/locks", 0o755), os.WriteFile(root+"/locks/voda", []byte(`{"pid":1,"by":"root@host"}`), 0o600))
	unlock, err := j.Lock("voda")
	must(t, err, unlock())
}

func TestAppsAreLockedEachForItself(t *testing.T) {
	j := opened(t, t.TempDir())
	for _, app := range []string{"voda", "ara"} {
		unlock, err := j.Lock(app)
		must(t, err)
		defer unlock()
	}
	for _, app := range []string{"", ".", "..", "../voda", "a/b", "a\x00"} {
		if _, err := j.Lock(app); err == nil {
			t.Errorf("%q was locked", app)
		}
	}
}

func TestUnlockingTwiceDoesNotUnlockTheNextHolder(t *testing.T) {
	j := opened(t, t.TempDir())
	unlock, err := j.Lock("voda")
	must(t, err, unlock())
	second, err := j.Lock("voda")
	must(t, err, unlock())
	refused(t, j)
	must(t, second())
}

func TestForgettingAnAppTakesItsLockFileAway(t *testing.T) {
	root := t.TempDir()
	j := opened(t, root)
	unlock, err := j.Lock("voda")
	must(t, err)
	deployed(t, j, 1)
	must(t, j.Forget("voda"))
	refused(t, opened(t, root)) // it is held until it is given back
	must(t, unlock())
	if _, err := os.Stat(root + "/locks/voda"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the lock's file is there: %v", err)
	}
	again, err := j.Lock("voda")
	must(t, err, again())
	if _, err := os.Stat(root + "/locks/voda"); err != nil {
		t.Errorf("a lock without Forget took its file away: %v", err)
	}
}

// roleRace takes the lock again and again, and forgets the app under it every
// other time. While it has the lock, a directory is its alone: making one that
// is there fails.
func roleRace(root string) error {
	j, err := Open(root)
	if err != nil {
		return err
	}
	defer j.Close()
	for turns := 0; turns < 10; {
		unlock, err := j.Lock("voda")
		if release.CodeOf(err) == release.Locked {
			continue
		}
		if err != nil {
			return err
		}
		if err := os.Mkdir(root+"/alone", 0o700); err != nil {
			return fmt.Errorf("two at a time: %w", err)
		}
		if err := j.SaveNetwork("voda", network(1)); err != nil {
			return err
		}
		if turns%2 == 0 {
			if err := j.Forget("voda"); err != nil {
				return err
			}
		}
		if err := errors.Join(os.Remove(root+"/alone"), unlock()); err != nil {
			return err
		}
		turns++
	}
	fmt.Println("done")
	return nil
}

// The processes open a journal that isn't there yet, so they race for making
// it too.
func TestOfManyProcessesOneAtATimeHasTheLock(t *testing.T) {
	root := t.TempDir() + "/teal"
	var racers []*process
	for range 16 {
		racers = append(racers, child(t, "race", root).start())
	}
	for _, r := range racers {
		if got := r.line(); got != "done" {
			t.Error(got)
		}
	}
}

// Holders that take the file away with the lock are the hard case: another
// may have opened the file by then, and a third may make it anew. Here they do
// nothing else.
func TestALockWhoseFileIsTakenAwayIsStillOneAtATime(t *testing.T) {
	j := opened(t, t.TempDir())
	path, err := j.lockFile("voda")
	must(t, err)
	var inside, turns atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for turns.Load() < 4000 {
				lock, err := try(path)
				if err != nil {
					t.Error(err)
					return
				}
				if lock == nil {
					continue
				}
				if n := inside.Add(1); n != 1 {
					t.Errorf("%d have the lock", n)
				}
				turns.Add(1)
				runtime.Gosched()
				inside.Add(-1)
				if err := j.release("voda", &hold{lock: lock, forgotten: true}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}
