package nginx

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"teal/internal/nginx/render"
)

// Each takes the folder away with its last flag, in which another may just be
// about to raise one.
func TestFlagsOfManyAppsComeAndGoAtTheSameTime(t *testing.T) {
	root := publicDir(t)
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			flag := render.WatchFlag(root, fmt.Sprintf("app%d", n))
			for range 300 {
				if err := raise(flag); err != nil || !remains(flag) {
					t.Errorf("raised: %t, %v", remains(flag), err)
					return
				}
				if err := lower(flag); err != nil || remains(flag) {
					t.Errorf("lowered: %t, %v", !remains(flag), err)
					return
				}
			}
		})
	}
	all.Wait()
	if remains(render.FlagsFolder(root)) {
		t.Error("no flag is raised, and each request looks for them")
	}
}

// A flag that is there counts, whoever else has lowered one meanwhile.
func TestAFlagOutlivesThoseOfOthers(t *testing.T) {
	root := publicDir(t)
	ours, theirs := render.WatchFlag(root, "ours"), render.ClosingFlag(root, "host")
	for _, flag := range []string{ours, theirs} {
		if err := raise(flag); err != nil {
			t.Fatal(err)
		}
	}
	if err := lower(theirs); err != nil || !remains(ours) || remains(theirs) {
		t.Errorf("ours: %t, theirs: %t, %v", remains(ours), remains(theirs), err)
	}
}

// What a link in the folder's place leads to is somebody else's.
func TestNoFlagIsRaisedOrLoweredThroughALink(t *testing.T) {
	root, outside := publicDir(t), t.TempDir()
	flag := render.WatchFlag(root, "voda")
	same := filepath.Join(outside, filepath.Base(flag))
	for what, act := range map[string]func(string) error{"raise": raise, "lower": lower} {
		_ = os.RemoveAll(render.FlagsFolder(root))
		if err := os.MkdirAll(filepath.Dir(render.FlagsFolder(root)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(outside, render.FlagsFolder(root)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(same, []byte("theirs"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := act(flag); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if text := readFile(t, same); text != "theirs" {
			t.Errorf("%s: their file holds %q", what, text)
		}
	}
}
