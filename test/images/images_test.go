package images

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/moby/moby/client"
)

// recipe is a digest of what lies here on the disk: the code that makes all
// images, and a folder of one. changed is a file that is to count as changed.
func recipe(t *testing.T, folder, changed string) string {
	t.Helper()
	sum := sha256.New()
	fmt.Fprintln(sum, runtime.GOARCH)
	here := os.DirFS(".")
	err := fs.WalkDir(here, ".", func(name string, d fs.DirEntry, err error) error {
		top, _, inside := strings.Cut(name, "/")
		if err != nil || d.IsDir() || strings.HasSuffix(name, "_test.go") || inside && top != folder {
			return err
		}
		text, err := fs.ReadFile(here, name)
		if name == changed {
			text = append(text, '\n')
		}
		fmt.Fprintf(sum, "%s %d\n%s", name, len(text), text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(sum.Sum(nil))[:12]
}

// The tags must be of all that decides what an image holds: a file that is left
// out could change, and an image of before it would pass for current.
func TestATagIsOfEachFileThatMakesItsImageAndOfNoOther(t *testing.T) {
	if got, want := baseRef(), "teal-images/base:"+recipe(t, "", ""); got != want {
		t.Errorf("the base's tag is %s, of what lies here %s", got, want)
	}
	for _, i := range All {
		whole := recipe(t, i.Name, "")
		if got, want := i.hashed(), "teal-images/"+i.Name+":"+whole; got != want {
			t.Errorf("the tag is %s, of what lies here %s", got, want)
		}
		for _, file := range []string{i.Name + "/Dockerfile", "build.go", "apt.go"} {
			if recipe(t, i.Name, file) == whole {
				t.Errorf("%s would not be made anew for %s", i.Name, file)
			}
		}
		if other := All[0].Name; i.Name != other && recipe(t, i.Name, other+"/Dockerfile") != whole {
			t.Errorf("%s would be made anew for %s", i.Name, other)
		}
	}
}

// newYard is where an image of this test's own may be tagged.
func newYard(t *testing.T) (yard, Image) {
	t.Helper()
	if err := Ensure(t.Context(), func(line string) { t.Log(line) }); err != nil {
		t.Fatal(err)
	}
	cli, err := client.New(client.FromEnv)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cli.Close() })
	name := make([]byte, 4)
	rand.Read(name)
	i := Image{Name: "tealtest-" + hex.EncodeToString(name), Stable: "1"}
	t.Cleanup(func() {
		for _, ref := range []string{i.hashed(), i.Ref()} {
			_, _ = cli.ImageRemove(context.Background(), ref, client.ImageRemoveOptions{}) // not each was made
		}
	})
	return yard{docker: cli, say: func(line string) { t.Errorf("nothing was to be built: %s", line) }}, i
}

func TestImagesThatAreThereAreNotBuiltAgain(t *testing.T) {
	y, _ := newYard(t)
	before := y.id(t.Context(), All[0].Ref())
	if err := Ensure(t.Context(), y.say); err != nil {
		t.Fatal(err)
	}
	if now := y.id(t.Context(), All[0].Ref()); now != before || now == "" {
		t.Errorf("%s was %s and is %s", All[0].Ref(), before, now)
	}
}

// An image of an earlier script keeps the name that is used, until the new one
// is made: it alone must not pass for current.
func TestAnImageOfAnEarlierScriptIsNotCurrent(t *testing.T) {
	y, i := newYard(t)
	tag := func(of Image, as string) {
		t.Helper()
		if _, err := y.docker.ImageTag(t.Context(), client.ImageTagOptions{Source: of.Ref(), Target: as}); err != nil {
			t.Fatal(err)
		}
	}
	tag(All[0], i.Ref())
	if y.current(t.Context(), i) {
		t.Error("an image that only has the name is current")
	}
	tag(All[1], i.hashed())
	if y.current(t.Context(), i) {
		t.Error("an image that is another one than its script's is current")
	}
	tag(All[0], i.hashed())
	if !y.current(t.Context(), i) {
		t.Error("the image of the script is not current")
	}
}
