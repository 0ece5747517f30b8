package compose

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/client"

	"teal/internal/release"
)

// newHoused is a stage with a state root of its own, whose shared service edge
// is the app's nginx.
func newHoused(t *testing.T, compose string) *stage {
	t.Helper()
	s := newImages(t, compose, web)
	s.root = t.TempDir()
	s.app.Proxies = []release.Proxy{{Kind: release.ProxyContainer, Service: "edge"}}
	s.app.Routes = []release.Route{{Path: "/", To: "web"}}
	s.network()
	return s
}

// mountsOf is what the service's container mounts.
func (s *stage) mountsOf(service string) []release.Mount {
	s.t.Helper()
	h, err := s.Proxies().Find(s.t.Context(), s.app.Name, service, "")
	s.must(err)
	return h.Mounts
}

func TestAProxyServiceGetsWhatNginxInItNeeds(t *testing.T) {
	t.Parallel()
	s := newHoused(t, `
services:
  web: {image: IMAGE}
  edge: {image: IMAGE, command: wait, depends_on: [web], networks: [front], volumes: ["./own.conf:/etc/nginx/conf.d/own.conf:ro"]}
  store: {image: IMAGE, command: wait}
networks: {front: {}}
`)
	write(t, filepath.Join(s.app.Dir, "own.conf"), "theirs")
	static := filepath.Join(t.TempDir(), "static")
	s.must(os.Mkdir(static, 0o755))
	s.app.Routes = append(s.app.Routes, release.Route{Path: "/static/", Files: static})
	s.must(s.Shared(t.Context(), s.app, s.prepared(1), s.say))

	mounts := s.mountsOf("edge")
	for _, want := range s.app.ProxyMounts(s.root, s.app.Proxies[0]) {
		if !slices.Contains(mounts, want) {
			t.Errorf("no mount %s among %v", want.Line(), mounts)
		}
		if info, err := os.Stat(want.Source); err != nil || info.Mode().Perm() != 0o755 {
			t.Errorf("%s: %v %v", want.Source, info, err)
		}
	}
	if others := s.mountsOf("store"); len(others) > 0 {
		t.Errorf("store mounts %v", others)
	}
	s.seesItsSites("theirs")
}

// seesItsSites asks edge for what nginx asks for, all made by a rename after
// it started, and for the file of the user's own beside it.
func (s *stage) seesItsSites(own string) {
	s.t.Helper()
	h, err := s.Proxies().Find(s.t.Context(), s.app.Name, "edge", "")
	s.must(err)
	if !s.net.Subnet.Contains(h.Addrs[release.NetworkName(s.app.Name)]) {
		s.t.Errorf("edge is in %v", h.Addrs)
	}
	edge := release.Container{ID: h.ID}
	table, live := filepath.Join(s.root, "tables", "green"), filepath.Join(s.root, "live", s.app.Name)
	s.must(os.Mkdir(table, 0o755))
	write(s.t, filepath.Join(table, "07"), "green")
	s.must(os.Symlink("../tables/green", live+".next"))
	s.must(os.Rename(live+".next", live))
	write(s.t, filepath.Join(s.root, "apps", s.app.Name, "sites-edge", "zz.conf"), "teal's")
	for path, want := range map[string]string{
		filepath.Join(live, "07"): "green", "/etc/nginx/conf.d/zz.conf": "teal's", "/etc/nginx/conf.d/own.conf": own,
	} {
		if got := s.in(edge, "read", path); got != want {
			s.t.Errorf("%s reads %q, want %q", path, got, want)
		}
	}
}

func TestMountsOfAProxyServiceThatItHasAreLeftAsTheyAre(t *testing.T) {
	t.Parallel()
	s := newHoused(t, "services:\n  web: {image: IMAGE}\n  edge: {image: IMAGE, command: wait, volumes: ['STATE:STATE', './nginx.d:/etc/nginx/conf.d:ro']}\n")
	text, err := os.ReadFile(s.app.Compose[0])
	s.must(err)
	s.write(strings.ReplaceAll(string(text), "STATE", s.root))
	s.must(s.Shared(t.Context(), s.app, s.prepared(1), s.say))
	mounts := s.mountsOf("edge")
	slices.SortFunc(mounts, func(a, b release.Mount) int { return strings.Compare(a.Target, b.Target) })
	want := []release.Mount{
		{Source: filepath.Join(s.app.Dir, "nginx.d"), Target: "/etc/nginx/conf.d", ReadOnly: true},
		{Source: s.root, Target: s.root},
	}
	slices.SortFunc(want, func(a, b release.Mount) int { return strings.Compare(a.Target, b.Target) })
	if !slices.Equal(mounts, want) {
		t.Errorf("edge mounts %v, want %v", mounts, want)
	}
}

func TestAFolderOfTheUsersThatNginxIsToSeeMustBeThere(t *testing.T) {
	t.Parallel()
	s := newHoused(t, "services:\n  web: {image: IMAGE}\n  edge: {image: IMAGE, command: wait}\n")
	missing := filepath.Join(t.TempDir(), "static")
	s.app.Routes = append(s.app.Routes, release.Route{Path: "/static/", Files: missing})
	e := known(t, s.Shared(t.Context(), s.app, s.prepared(1), s.say), release.Invalid)
	if e.What != missing+", which nginx in edge is to see, is not there" || !strings.HasPrefix(e.Next, "mkdir -p "+missing) {
		t.Errorf("got %q, next %q", e.What, e.Next)
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("it was made")
	}
	if left := s.mountsOf("edge"); len(left) > 0 {
		t.Errorf("the container was made with %v", left)
	}
}

func TestAProxyMustBeASharedServiceOfTheFiles(t *testing.T) {
	for service, want := range map[string]string{
		"edg": "the compose file has no service edg",
		"web": "service web, which is the container nginx, runs in two colors",
	} {
		app := written(t, "services:\n  web: {image: x}\n  edge: {image: x}\n", "web")
		app.Proxies = []release.Proxy{{Kind: release.ProxyContainer, Service: service}}
		_, err := loadChecked(t.Context(), app)
		if e := known(t, err, release.Invalid); e.What != want || e.Next == "" {
			t.Errorf("got %q, next %q", e.What, e.Next)
		}
	}
}

// TestSomebodyElsesProxyOutlivesTheApp: even one that the user's compose made
// under the app's own name.
func TestSomebodyElsesProxyOutlivesTheApp(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE}\n", web)
	id := s.stranger(s.app.Name, "edge")
	before, err := s.Containers().Inspect(t.Context(), id)
	s.must(err)
	s.app.Proxies = []release.Proxy{{Kind: release.ProxyContainer, Container: before.Name}}
	s.must(s.Proxies().Join(t.Context(), id, release.NetworkName(s.app.Name)))
	s.must(s.Remove(t.Context(), s.app, false, s.say))
	after, err := s.Containers().Inspect(t.Context(), id)
	s.must(err)
	if !after.Running || !after.Started.Equal(before.Started) {
		t.Errorf("was %+v, is %+v", before, after)
	}
	if have, err := s.Engine.network(t.Context(), release.NetworkName(s.app.Name)); err != nil || have.Exists {
		t.Errorf("the app's network: %+v %v", have, err)
	}
	_, err = s.client.ContainerRemove(t.Context(), id, client.ContainerRemoveOptions{Force: true})
	s.must(err)
}
