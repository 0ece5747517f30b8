package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"teal/internal/config"
)

func TestTheStageIsAnAppThatTealAccepts(t *testing.T) {
	source := filepath.Join(t.TempDir(), "app")
	if err := os.CopyFS(source, os.DirFS("app")); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(source, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	s, err := newStage(t.Context(), "teal", source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(s.dir) })
	app, err := config.Load(s.config())
	if err != nil {
		t.Fatal(err)
	}
	if app.Name != s.app || len(app.Site.Listen) != 1 || app.Site.Listen[0] != s.addr {
		t.Errorf("the app is %s at %v, want %s at %s", app.Name, app.Site.Listen, s.app, s.addr)
	}
	web, _ := app.Service("web")
	if web.Replicas != 2 || !app.Routed("api") || app.Routed("worker") {
		t.Errorf("the app is not the one the story tells of: %+v", app)
	}
}

func TestAReplacementThatMatchesNothingIsAnError(t *testing.T) {
	for text, from := range map[string]string{"app: demo\n": "app: other\n", "80 80": "80"} {
		if got, err := replace(text, map[string]string{from: "x"}); err == nil {
			t.Errorf("%q in %q was replaced: %q", from, text, got)
		}
	}
}

func TestTheDemoFailsIfOneRequestWasLost(t *testing.T) {
	good := func() totals {
		return totals{sent: 12345, ordered: 40, ledger: 40, kinds: map[string]int{"get": 12000, "post": 301, "upload": 40, "websocket": 4}}
	}
	if err := good().verdict(); err != nil {
		t.Errorf("nothing was lost: %v", err)
	}
	if got := good().String(); !strings.HasPrefix(got, "12,345 requests (12,000 get, 301 post, 40 upload, 4 websocket), 0 lost; 40 orders") {
		t.Errorf("totals %q", got)
	}
	for name, spoil := range map[string]func(*totals){
		"a lost request":          func(t *totals) { t.lost = 1 },
		"an order kept twice":     func(t *totals) { t.ledger++ },
		"an order not kept":       func(t *totals) { t.ledger-- },
		"nothing was ordered":     func(t *totals) { t.ordered, t.ledger = 0, 0 },
		"no upload was sent":      func(t *totals) { t.kinds["upload"] = 0 },
		"no WebSocket was opened": func(t *totals) { delete(t.kinds, "websocket") },
	} {
		bad := good()
		spoil(&bad)
		if bad.verdict() == nil {
			t.Errorf("%s passes", name)
		}
	}
}
