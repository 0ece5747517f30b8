package compose

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/moby/moby/client"

	"teal/internal/release"
)

// baked is a release whose image is built for it, with the labels that compose
// gives what buildx builds, a volume, and a label to prune by.
func (s *stage) baked(number int) release.Spec {
	s.t.Helper()
	_, err := s.build(s.t, "web", fmt.Sprintf("%[1]sLABEL of=%[3]d\nLABEL com.docker.compose.project=%[2]s com.docker.compose.service=other\nVOLUME /data\n", dockerfile, s.app.Name, number))
	s.must(err)
	return s.prepared(number)
}

// prune is docker image prune -a, of the app's baked images alone.
func (s *stage) prune() {
	s.t.Helper()
	_, err := s.client.ImagePrune(s.t.Context(), client.ImagePruneOptions{
		Filters: client.Filters{}.Add("dangling", "false").Add("label", "tealtest="+s.app.Name),
	})
	s.must(err)
}

// kept are the names of the app's keepers, less what all have in common.
func (s *stage) kept() map[string]keeper {
	s.t.Helper()
	have, err := s.keepers(s.t.Context(), s.app)
	s.must(err)
	out := map[string]keeper{}
	for _, k := range have {
		out[nameOf(k.made)[len("teal-keep-"+s.app.Name+"-"):]] = k
	}
	return out
}

func (s *stage) keptAre(want ...string) {
	s.t.Helper()
	if got := slices.Sorted(maps.Keys(s.kept())); !slices.Equal(got, want) {
		s.t.Errorf("kept are %q, want %q", got, want)
	}
}

func (s *stage) image(id string) bool {
	s.t.Helper()
	found, err := s.inspected(s.t.Context(), []string{id})
	s.must(err)
	return len(found) == 1
}

func TestAFullPruneLeavesTheImagesOfReleasesUntilTheyAreDropped(t *testing.T) {
	t.Parallel()
	s := newStage(t, "", web)
	first, second := s.baked(1), s.baked(2)
	s.keptAre("web-1", "web-2")
	s.prune()
	s.must(s.Present(t.Context(), s.app, first))
	s.must(s.Present(t.Context(), s.app, second))
	s.must(s.Start(t.Context(), s.app, first, release.Blue, quiet))
	if c := s.only(release.Blue); c.Image != first.Images["web"] {
		t.Errorf("runs %s, want %s", c.Image, first.Images["web"])
	}
	s.must(s.Clear(t.Context(), s.app, release.Blue))
	s.must(s.Prune(t.Context(), s.app, []int{2}))
	s.keptAre("web-2")
	if s.image(first.Images["web"]) || !s.image(second.Images["web"]) {
		t.Error("the wrong image is gone")
	}
	s.must(s.Remove(t.Context(), s.app, true, s.say))
	s.keptAre()
}

func TestAKeeperIsNoPartOfTheApp(t *testing.T) {
	t.Parallel()
	s := newStage(t, "", web)
	s.baked(1)
	o, err := s.Observe(t.Context(), s.app)
	s.must(err)
	listed, err := s.inProject(t.Context(), s.app.Name)
	s.must(err)
	if len(o.Shared) > 0 || !o.Colors[release.Blue].Empty() || len(listed) > 0 {
		t.Errorf("observed %+v, in the project %+v", o, listed)
	}
	found, err := s.client.ContainerInspect(t.Context(), s.kept()["web-1"].made.ID, client.ContainerInspectOptions{})
	s.must(err)
	c := found.Container
	if len(c.Mounts) > 0 && c.Mounts[0].Type == "volume" || c.HostConfig.NetworkMode != "none" || c.State.Status != "created" {
		t.Errorf("mounts %+v, network %s, %s", c.Mounts, c.HostConfig.NetworkMode, c.State.Status)
	}
	if _, err := s.client.ContainerStart(t.Context(), c.ID, client.ContainerStartOptions{}); err == nil {
		t.Error("it can be started")
	}
}

func TestServicesWithOneImageShareAKeeper(t *testing.T) {
	t.Parallel()
	s := newImages(t, "services:\n  web: {image: IMAGE}\n  back: {image: IMAGE}\n", web, release.Service{Name: "back", Replicas: 1})
	s.prepared(1)
	before := s.kept()
	s.prepared(1)
	s.keptAre("back-1")
	if s.kept()["back-1"].made.ID != before["back-1"].made.ID {
		t.Error("it was made anew")
	}
}

func TestImagesWithoutKeepersGetThemFromTheNextRelease(t *testing.T) {
	t.Parallel()
	s := newImages(t, "services:\n  web: {image: IMAGE}\n", web)
	first := s.prepared(1)
	s.must(s.dismiss(t.Context(), slices.Collect(maps.Values(s.kept())), func(keeper) bool { return true })) // as docker container prune does
	s.must(s.Prune(t.Context(), s.app, []int{1}))
	s.must(s.hold(t.Context(), s.app, release.Spec{Number: 2, Images: first.Images})) // killed after the tag: no release
	s.keptAre()
	gone := map[string]string{"web": "sha256:0123456789012345678901234567890123456789012345678901234567890123"}
	s.prepared(4, release.Release{Number: 3, Images: gone}, release.Release{Number: 1, Images: first.Images})
	s.keptAre("web-1", "web-4")
	s.must(s.Prune(t.Context(), s.app, []int{1, 4}))
	if s.image(pinTag(s.app.Name, "web", 2)) {
		t.Error("the tag of what was killed stays for ever")
	}
}

func TestAReleaseThatIsPinnedAgainKeepsItsNewImage(t *testing.T) {
	t.Parallel()
	s := newImages(t, "", web)
	old := s.baked(1)
	s.write("services:\n  web: {image: IMAGE}\n")
	now := s.prepared(1)
	s.keptAre("web-1")
	if k := s.kept()["web-1"]; k.image != now.Images["web"] || k.image == old.Images["web"] {
		t.Errorf("keeps %s, want %s", k.image, now.Images["web"])
	}
}

func TestANameOfAKeeperThatIsTakenIsPassedBy(t *testing.T) {
	t.Parallel()
	s := newImages(t, "services:\n  web: {image: IMAGE}\n", web)
	taken := idle(testImage, nil, nil)
	taken.Name = "teal-keep-" + s.app.Name + "-web-1"
	made, err := s.client.ContainerCreate(t.Context(), taken)
	s.must(err)
	s.prepared(1)
	if len(s.kept()) != 1 {
		t.Errorf("kept are %v", s.kept())
	}
	_, err = s.client.ContainerRemove(t.Context(), made.ID, client.ContainerRemoveOptions{})
	s.must(err)
}

func TestAReleaseWhoseImageIsGoneIsNamedAndNothingChanged(t *testing.T) {
	t.Parallel()
	s := newImages(t, "services:\n  web: {image: IMAGE}\n  back: {image: IMAGE}\n", web, release.Service{Name: "back", Replicas: 1})
	spec := s.prepared(4)
	tag := pinTag(s.app.Name, "back", 4)
	_, err := s.client.ImageRemove(t.Context(), tag, client.ImageRemoveOptions{})
	s.must(err)
	lost := release.Spec{Number: 4, Images: maps.Clone(spec.Images)}
	lost.Images["web"] = "sha256:0123456789012345678901234567890123456789012345678901234567890123"
	e := known(t, s.Present(t.Context(), s.app, lost), release.Gate)
	if e.What != "the image of web in release 4 is gone from this engine" || e.Next != "teal rollback --to another of teal history, or teal deploy" {
		t.Errorf("got %q, next %q", e.What, e.Next)
	}
	if s.image(tag) {
		t.Error("a tag was put back though the release can't run")
	}
	s.must(s.Present(t.Context(), s.app, spec))
	if !s.image(tag) {
		t.Error("the tag is not back")
	}
}
