package compose

import (
	"path/filepath"
	"testing"

	"github.com/moby/moby/client"

	"teal/internal/release"
)

const withEdge = `
services:
  web: {image: IMAGE}
  edge: {image: IMAGE, volumes: ["./conf.d:/etc/nginx/conf.d:ro"]}
`

func TestAProxyIsFoundAsServiceAndByName(t *testing.T) {
	s := newStage(t, withEdge, release.Service{Name: "web", Replicas: 1})
	p, ctx := s.Proxies(), t.Context()
	none, err := p.Find(ctx, s.app.Name, "edge", "")
	s.must(err)
	if none.ID != "" {
		t.Errorf("found %+v before it is there", none)
	}
	s.must(s.Shared(ctx, s.app, s.prepared(1), s.say))
	h, err := p.Find(ctx, s.app.Name, "edge", "")
	s.must(err)
	if !h.Running || h.PID == 0 || h.Host || !s.net.Subnet.Contains(h.Addrs[release.NetworkName(s.app.Name)]) {
		t.Errorf("found %+v", h)
	}
	want := release.Mount{Source: filepath.Join(s.app.Dir, "conf.d"), Target: "/etc/nginx/conf.d", ReadOnly: true}
	if len(h.Mounts) != 1 || h.Mounts[0] != want {
		t.Errorf("its mounts are %+v", h.Mounts)
	}
	named, err := p.Find(ctx, "other", "", h.Name)
	s.must(err)
	if named.ID != h.ID {
		t.Errorf("by its name %s: %+v", h.Name, named)
	}
	if short, err := p.Find(ctx, "other", "", h.ID[:12]); err != nil || short.ID != "" {
		t.Errorf("the beginning of an ID is taken for a name: %+v %v", short, err)
	}
}

func TestAProxyJoinsTheAppsNetworkAndLeavesIt(t *testing.T) {
	s := newStage(t, withEdge, release.Service{Name: "web", Replicas: 1})
	p, ctx, network := s.Proxies(), t.Context(), release.NetworkName(s.app.Name)
	s.must(s.Shared(ctx, s.app, s.prepared(1), s.say))
	h, err := p.Find(ctx, s.app.Name, "edge", "")
	s.must(err)
	_, err = s.client.NetworkDisconnect(ctx, network, client.NetworkDisconnectOptions{Container: h.ID})
	s.must(err)
	s.must(p.Join(ctx, h.ID, network))
	s.must(p.Join(ctx, h.ID, network)) // it is there
	s.app.Proxies = []release.Proxy{{Kind: release.ProxyContainer, Container: h.Name}}
	again, err := p.Find(ctx, s.app.Name, "", h.Name)
	s.must(err)
	if !s.net.DockerRange().Contains(again.Addrs[network]) || again.PID != h.PID {
		t.Errorf("joined: %+v", again)
	}
	s.must(p.Leave(ctx, s.app))
	s.must(p.Leave(ctx, s.app))
	if gone, err := p.Find(ctx, s.app.Name, "", h.Name); err != nil || gone.Addrs[network].IsValid() {
		t.Errorf("left: %+v %v", gone, err)
	}
}
