package nginx

import (
	"slices"
	"testing"

	"teal/internal/release"
)

func TestHowAnNginxWasBuiltIsAskedOfIt(t *testing.T) {
	s := setStage(t)
	here, err := s.r.Built(s.ctx, s.app, s.app.Proxies[0])
	s.must(err)
	if !slices.Contains(here, "--with-http_ssl_module") {
		t.Errorf("this machine's has %v", here)
	}
}

func TestHowAContainersNginxWasBuiltIsAskedInThere(t *testing.T) {
	h := moor(t)
	unknown, err := h.r.Built(h.ctx, h.app, h.app.Proxies[0])
	h.must(err)
	if len(unknown) > 0 {
		t.Errorf("a container that isn't there has %v", unknown)
	}
	h.ship(everything)
	there, err := h.r.Built(h.ctx, h.app, h.app.Proxies[0])
	h.must(err)
	if !slices.Contains(there, "--with-http_ssl_module") {
		t.Errorf("the container's has %v", there)
	}
}

func TestAnNginxThatIsNotThereIsNotBuilt(t *testing.T) {
	s := setStage(t)
	s.app.Proxies[0].Bin = "/nonexistent/nginx"
	if _, err := s.r.Built(s.ctx, s.app, s.app.Proxies[0]); release.CodeOf(err) != release.Unreachable {
		t.Errorf("got %v", err)
	}
}
