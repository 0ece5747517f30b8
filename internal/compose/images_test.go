package compose

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/moby/moby/client"

	"teal/internal/release"
)

func TestAReleaseRunsItsPinnedImageAfterTheUsersTagIsGone(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE}\n", web)
	own := s.app.Name + "-own:1"
	_, err := s.client.ImageTag(t.Context(), client.ImageTagOptions{Source: testImage, Target: own})
	s.must(err)
	s.write("services:\n  web: {image: '" + own + "'}\n")
	spec := s.prepared(4)
	_, err = s.client.ImageRemove(t.Context(), own, client.ImageRemoveOptions{})
	s.must(err)

	s.must(s.Start(t.Context(), s.app, spec, release.Blue, quiet))
	if c := s.only(release.Blue); c.Image != spec.Images["web"] || c.Release != 4 {
		t.Errorf("runs %+v, want image %s", c, spec.Images["web"])
	}
}

func TestATagThatWasMovedDoesNotChangeTheRelease(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE}\n", web)
	spec := s.prepared(1)
	s.build(t, "web", "FROM scratch\nCMD [\"/none\"]\n")
	_, err := s.client.ImageTag(t.Context(), client.ImageTagOptions{Source: builtImage(s.app.Name, "web"), Target: pinTag(s.app.Name, "web", 1)})
	s.must(err)
	s.must(s.Start(t.Context(), s.app, spec, release.Blue, quiet))
	if c := s.only(release.Blue); c.Image != spec.Images["web"] {
		t.Errorf("runs %s, want %s", c.Image, spec.Images["web"])
	}
}

func TestPruneDropsTheTagsOfOtherReleasesAndNothingElse(t *testing.T) {
	t.Parallel()
	s := newImages(t, "services:\n  web: {image: IMAGE}\n", web)
	for number := range 4 {
		s.prepared(number + 1)
	}
	s.must(s.Prune(t.Context(), s.app, []int{2, 4}))
	var got []string
	for _, left := range s.everything(t.Context()) {
		if strings.HasPrefix(left, "image ") {
			got = append(got, left)
		}
	}
	slices.Sort(got)
	want := []string{"image " + pinTag(s.app.Name, "web", 2), "image " + pinTag(s.app.Name, "web", 4)}
	if !slices.Equal(got, want) {
		t.Errorf("left %q, want %q", got, want)
	}
	if _, err := s.client.ImageInspect(t.Context(), testImage); err != nil {
		t.Errorf("the user's tag: %v", err)
	}
}

// build builds a service's image through the engine under test. The label comes
// first, so that no step is found in an image that another test is removing:
// the engine says then that it is unable to find it.
func (s *stage) build(t *testing.T, service, dockerfile string) ([]string, error) {
	t.Helper()
	dir := filepath.Join(s.app.Dir, "build")
	s.must(os.MkdirAll(dir, 0o755))
	write(t, filepath.Join(dir, "Dockerfile"), strings.Replace(dockerfile, "FROM scratch\n", "FROM scratch\nLABEL tealtest="+s.app.Name+"\n", 1))
	binary, err := os.ReadFile(testBinary)
	s.must(err)
	s.must(os.WriteFile(filepath.Join(dir, "app"), binary, 0o755))
	s.write("services:\n  " + service + ": {build: ./build}\n  other: {build: ./nowhere}\n")
	spec, err := s.Prepare(t.Context(), s.app, 1, s.net)
	s.must(err)
	var mu sync.Mutex
	var said []string
	err = s.Build(t.Context(), s.app, spec, []string{service}, func(_ release.EventType, line string) {
		mu.Lock()
		defer mu.Unlock()
		said = append(said, line)
	})
	return said, err
}

func TestABuildNeedsNoBuildxAndBuildsOnlyWhatIsNamed(t *testing.T) {
	t.Setenv("DOCKER_BUILDKIT", "1")
	s := newImages(t, "", web)
	said, err := s.build(t, "web", dockerfile)
	s.must(err)
	if !slices.ContainsFunc(said, func(line string) bool { return strings.HasPrefix(line, "Step 1/") }) {
		t.Errorf("the build's output is not said: %q", said)
	}
	project, err := s.Load(t.Context(), s.app)
	s.must(err)
	if want := (release.ProjectService{Name: "web", Build: true, Present: true}); project.Colored[0] != want {
		t.Errorf("got %+v, want %+v", project.Colored[0], want)
	}
	if project.Shared[0].Present {
		t.Error("other was built too")
	}
}

func TestABuildThatFailsShowsItsLastLines(t *testing.T) {
	t.Parallel()
	s := newImages(t, "", web)
	_, err := s.build(t, "web", "FROM scratch\nCOPY nothing /\n")
	e := known(t, err, release.Gate)
	if !strings.HasPrefix(e.What, "build of web failed: ") || !slices.ContainsFunc(e.Detail, func(line string) bool { return strings.Contains(line, "COPY nothing") }) {
		t.Errorf("got %q, detail %q", e.What, e.Detail)
	}
}
