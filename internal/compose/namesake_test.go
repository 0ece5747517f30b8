package compose

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/client"

	"teal/internal/release"
)

func TestAProjectOfTheAppsNameFromAnotherFolderIsRefused(t *testing.T) {
	t.Parallel()
	s := newStage(t, withStore, web)
	spec := s.prepared(1)
	id := s.strangerFrom(s.app.Name, "store", map[string]string{api.WorkingDirLabel: "/srv/other", api.ConfigFilesLabel: "/srv/other/compose.yaml"})
	_, err := s.Load(t.Context(), s.app)
	e := known(t, err, release.Invalid)
	name := s.app.Name + "-store-1"
	if e.What != "compose project "+s.app.Name+" on this machine is run from another folder" ||
		!slices.Equal(e.Detail, []string{"container " + name + ", made from /srv/other/compose.yaml"}) ||
		!strings.Contains(e.Next, "app: in teal.yaml") || !strings.Contains(e.Next, "docker rm -f "+name) {
		t.Errorf("got %q %q, next %q", e.What, e.Detail, e.Next)
	}
	known(t, s.Shared(t.Context(), s.app, spec, s.say), release.Invalid)
	c, err := s.Containers().Inspect(t.Context(), id)
	s.must(err)
	if !c.Running || c.Addr.IsValid() {
		t.Errorf("the stranger was touched: %+v", c)
	}
}

func TestAProjectThatTheUserRanFromTheAppsFilesIsAdopted(t *testing.T) {
	t.Parallel()
	s := newStage(t, withStore, web)
	link := filepath.Join(t.TempDir(), "current")
	s.must(os.Symlink(s.app.Dir, link))
	id := s.strangerFrom(s.app.Name, "store", map[string]string{api.WorkingDirLabel: link, api.ConfigFilesLabel: filepath.Join(link, "compose.yaml")})
	_, err := s.Load(t.Context(), s.app)
	s.must(err)
	s.started(1, release.Blue)
	if after := s.store(); after.ID != id || !after.Addr.IsValid() {
		t.Errorf("the shared container is %+v", after)
	}
}

// TestAnAdoptedContainerStaysTheAppsWhenItsFilesMove: each checkout of a CI
// job has a folder of its own.
func TestAnAdoptedContainerStaysTheAppsWhenItsFilesMove(t *testing.T) {
	t.Parallel()
	s := newStage(t, withStore, web)
	s.strangerFrom(s.app.Name, "store", map[string]string{api.WorkingDirLabel: s.app.Dir})
	s.started(1, release.Blue)
	text, err := os.ReadFile(s.app.Compose[0])
	s.must(err)
	s.app.Dir = t.TempDir()
	s.app.Compose = []string{filepath.Join(s.app.Dir, "compose.yaml")}
	s.write(string(text))
	_, err = s.Load(t.Context(), s.app)
	s.must(err)
}

const withOwn = `
services:
  web: {image: IMAGE, networks: [back], volumes: ["data:/data"]}
networks: {back: {EXTERNAL}}
volumes: {data: {EXTERNAL}}
`

// makes creates a volume, or a network, and takes it away again.
func (s *stage) makes(section, name string, labels map[string]string) {
	s.t.Helper()
	if section == "volumes" {
		_, err := s.client.VolumeCreate(s.t.Context(), client.VolumeCreateOptions{Name: name, Labels: labels})
		s.must(err)
		s.t.Cleanup(func() { s.client.VolumeRemove(context.Background(), name, client.VolumeRemoveOptions{}) })
		return
	}
	_, err := s.client.NetworkCreate(s.t.Context(), name, client.NetworkCreateOptions{Labels: labels})
	s.must(err)
	s.t.Cleanup(func() { s.client.NetworkRemove(context.Background(), name, client.NetworkRemoveOptions{}) })
}

func TestWhatBelongsToAnotherProjectIsUsedOnlyAsExternal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		section, key, label, project, want string
	}{
		{"volumes", "data", api.VolumeLabel, "other", "compose.yaml:5:11: volume NAME_data belongs to compose project other"},
		{"networks", "back", api.NetworkLabel, "other", "compose.yaml:4:12: network NAME_back belongs to compose project other"},
		{"networks", "back", "", "", "compose.yaml:4:12: network NAME_back exists and compose did not make it"},
	} {
		s := newImages(t, strings.ReplaceAll(withOwn, "EXTERNAL", ""), web)
		labels := map[string]string{}
		if c.project != "" {
			labels = composeLabels(c.project, c.label, c.key)
		}
		s.makes(c.section, s.app.Name+"_"+c.key, labels)
		_, err := s.Load(t.Context(), s.app)
		e := known(t, err, release.Invalid)
		if want := strings.ReplaceAll(c.want, "NAME", s.app.Name); e.What != want || !strings.HasPrefix(e.Next, "add external: true to the "+strings.TrimSuffix(c.section, "s")) {
			t.Errorf("got %q, next %q, want %q", e.What, e.Next, want)
		}
		s.write(strings.ReplaceAll(withOwn, "EXTERNAL", "external: true, name: "+s.app.Name+"_KEY"))
		text, err := os.ReadFile(s.app.Compose[0])
		s.must(err)
		s.write(strings.Replace(strings.Replace(string(text), "KEY", "back", 1), "KEY", "data", 1))
		if _, err = s.Load(t.Context(), s.app); err != nil {
			t.Errorf("external: %v", err)
		}
	}
}

func TestAVolumeThatWasMadeByHandIsUsedAndToldOf(t *testing.T) {
	t.Parallel()
	s := newStage(t, withStore, web)
	name := s.app.Name + "_data"
	s.makes("volumes", name, nil)
	project, err := s.Load(t.Context(), s.app)
	s.must(err)
	if told := strings.Join(project.Notes, "\n"); !strings.Contains(told, "volume "+name+" was not made by compose and is used as it is") {
		t.Errorf("told %q", told)
	}
	s.started(1, release.Blue)
	s.must(s.Remove(t.Context(), s.app, true, s.say))
	if _, err := s.client.VolumeInspect(t.Context(), name, client.VolumeInspectOptions{}); err != nil {
		t.Errorf("a volume that is not the app's was removed with it: %v", err)
	}
}
