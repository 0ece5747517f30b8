package nginx

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"teal/internal/release"
)

func TestAnAdoptedSiteInAContainerIsServedByEachColorAndByWhatWasBefore(t *testing.T) {
	h := moor(t)
	before := h.color("before")
	h.app.Site.Adopted = &release.Adopted{Before: map[string]string{"web": before.at.String()}}
	h.ship(everything)
	_, _, err := h.r.Adopt(h.ctx, h.app)
	h.must(err)
	p := h.app.Proxies[0]
	s, err := h.r.server(h.ctx, h.app, p)
	h.must(err)
	theirs := filepath.Join(filepath.Dir(s.site), "shop.conf")
	text := fmt.Sprintf("server { listen 80; server_name %s; include %s; location / { proxy_pass http://$%s; } }\n",
		testHost, release.Include(h.r.root, h.app.Name, p.Place(h.app.Name)), release.Variable(h.app.Name, "web"))
	h.must(os.WriteFile(theirs, []byte(text), 0o644))
	h.must(h.r.Tests(h.ctx, h.app))
	m, _ := s.running()
	h.must(s.hangup(h.ctx, m))
	h.settle()
	for n := range 3 {
		h.shift(release.Colors[n%2])
		h.servedBy(release.Colors[n%2])
	}
	for range 2 {
		h.must(h.r.Remove(h.ctx, h.app))
		h.servedBy("before")
		h.must(h.r.Tests(h.ctx, h.app))
	}
	o, err := h.r.Observe(h.ctx, h.app, h.net)
	h.must(err)
	if !o.Loaded() || o.Known || len(o.Leftovers) > 0 {
		t.Errorf("observed %+v", o)
	}
	h.must(os.Remove(theirs))
	h.must(h.r.Remove(h.ctx, h.app))
}
