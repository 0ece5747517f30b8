// Package images builds the local images that the examples stand on:
// PostgreSQL, Redis, Django, Node and nginx out of Debian packages, since no
// image registry can be reached where the tests run.
//
// Invariant: a tag named by a hash holds what that script and those inputs
// made, so an image is built once and whoever finds its tag need not look
// further. The stable tag (teal-images/node:18) is the one that the examples
// name, and always points at such an image.
package images

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/moby/moby/client"
	"golang.org/x/sync/errgroup"
)

// Image is one of the local images.
type Image struct {
	Name   string // of its folder here, and of the repository teal-images/<name>
	Stable string // version that its users name
}

// All are the images there are.
var All = []Image{{"postgres", "15"}, {"redis", "7"}, {"django", "3.2"}, {"node", "18"}, {"nginx", "1.22"}}

// Ref is the name under which an image is used.
func (i Image) Ref() string { return repository + i.Name + ":" + i.Stable }

const repository = "teal-images/"

// inputs are everything that decides what an image holds: the recipe of each
// and the code that follows it.
//
//go:embed images.go base.go build.go apt.go postgres redis django node nginx
var inputs embed.FS

// lockWithin bounds the wait for another run, which may build everything.
const lockWithin = 10 * time.Minute

// Ensure builds the images that are missing. Runs at the same time wait for
// one another, and the second finds what the first has built. say is told what
// takes time.
func Ensure(ctx context.Context, say func(string)) error {
	cli, err := client.New(client.FromEnv)
	if err != nil {
		return fmt.Errorf("reach docker: %w", err)
	}
	defer cli.Close()
	y := yard{docker: cli, say: say}
	if y.complete(ctx) {
		return nil
	}
	release, err := alone(ctx)
	if err != nil {
		return err
	}
	defer release()
	return y.build(ctx)
}

// yard is where images are built.
type yard struct {
	docker *client.Client
	say    func(string)
}

func (y yard) complete(ctx context.Context) bool {
	for _, i := range All {
		if !y.current(ctx, i) {
			return false
		}
	}
	return true
}

// current reports whether both tags are there and name one image.
func (y yard) current(ctx context.Context, i Image) bool {
	hashed := y.id(ctx, i.hashed())
	return hashed != "" && hashed == y.id(ctx, i.Ref())
}

// id is the id of an image, "" where there is none.
func (y yard) id(ctx context.Context, ref string) string {
	found, err := y.docker.ImageInspect(ctx, ref)
	if err != nil {
		return ""
	}
	return found.ID
}

// alone waits until no other run builds. The kernel gives the lock back
// whatever becomes of its holder.
func alone(ctx context.Context) (release func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, lockWithin)
	defer cancel()
	lock := flock.New(filepath.Join(os.TempDir(), "teal-images.lock"), flock.SetPermissions(0o666))
	if ok, err := lock.TryLockContext(ctx, 100*time.Millisecond); !ok {
		return nil, fmt.Errorf("wait for another run that builds the images: %w", err)
	}
	return func() { _ = lock.Close() }, nil // nothing is lost: the process ends
}

func (y yard) build(ctx context.Context) error {
	if y.complete(ctx) { // by the run that was waited for
		return nil
	}
	if err := y.base(ctx); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(runtime.NumCPU(), 2)) // one unpacks while another downloads
	for _, i := range All {
		group.Go(func() error { return y.image(ctx, i) })
	}
	return group.Wait()
}

func (y yard) image(ctx context.Context, i Image) error {
	if y.current(ctx, i) {
		return nil
	}
	began := time.Now()
	if y.id(ctx, i.hashed()) == "" {
		if err := y.assemble(ctx, i); err != nil {
			return fmt.Errorf("build %s: %w", i.Ref(), err)
		}
	}
	if _, err := y.docker.ImageTag(ctx, client.ImageTagOptions{Source: i.hashed(), Target: i.Ref()}); err != nil {
		return fmt.Errorf("tag %s: %w", i.Ref(), err)
	}
	y.say(fmt.Sprintf("%s built in %.1f s", i.Ref(), time.Since(began).Seconds()))
	return y.forget(ctx, i.Name, i.hashed(), i.Ref())
}

// forget takes the tags of earlier scripts away. An image that a container
// stands on stays: the engine refuses, and its tag costs nothing.
func (y yard) forget(ctx context.Context, name string, keep ...string) error {
	ours := client.Filters{}.Add("reference", repository+name)
	list, err := y.docker.ImageList(ctx, client.ImageListOptions{Filters: ours})
	if err != nil {
		return fmt.Errorf("look for earlier images: %w", err)
	}
	for _, found := range list.Items {
		for _, tag := range found.RepoTags {
			if !contains(keep, tag) {
				_, _ = y.docker.ImageRemove(ctx, tag, client.ImageRemoveOptions{})
			}
		}
	}
	return nil
}

func contains(list []string, text string) bool {
	for _, s := range list {
		if s == text {
			return true
		}
	}
	return false
}

// hashed is the tag that names the script and the image's own recipe.
func (i Image) hashed() string { return repository + i.Name + ":" + digest(i.Name) }

// baseRef is the tag of the packages that all images share.
func baseRef() string { return repository + "base:" + digest() }

// digest is of the code and of the folders named.
func digest(folders ...string) string {
	sum := sha256.New()
	fmt.Fprintln(sum, runtime.GOARCH)
	// Everything is embedded, so a walk can't fail.
	_ = fs.WalkDir(inputs, ".", func(name string, d fs.DirEntry, _ error) error {
		folder, _, inside := strings.Cut(name, "/")
		if d.IsDir() || inside && !contains(folders, folder) {
			return nil
		}
		text, _ := inputs.ReadFile(name)
		fmt.Fprintf(sum, "%s %d\n%s", path.Clean(name), len(text), text)
		return nil
	})
	return hex.EncodeToString(sum.Sum(nil))[:12]
}
