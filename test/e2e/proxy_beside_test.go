package e2e

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"teal/internal/witness"
)

// neighbours adds to the machine's nginx what a machine of some age has: more
// sites, in both folders, one of them a link, at the app's own port too.
func (h *host) neighbours() (wiki, plain int) {
	h.t.Helper()
	wiki, plain = freePort(h.t), freePort(h.t)
	if err := os.Mkdir(filepath.Join(h.etc, "sites-available"), 0o755); err != nil {
		h.t.Fatal(err)
	}
	h.put("conf.d/upstreams.conf", fmt.Sprintf("upstream wiki { server 127.0.0.1:%d; }\nmap $http_user_agent $robot { default 0; ~*bot 1; }\n", wiki))
	h.put("conf.d/wiki.conf", fmt.Sprintf("server { listen 127.0.0.1:%d; return 200 \"the wiki\\n\"; }\n", wiki))
	h.put("sites-available/docs", fmt.Sprintf(`server {
    listen 127.0.0.1:%d; # the shop's port is theirs too
    listen 127.0.0.1:%d;
    server_name docs.example;
    location / { proxy_pass http://wiki; }
    location = /robot { return 200 "robot $robot\n"; }
}
`, h.app.port, plain))
	if err := os.Symlink("../sites-available/docs", filepath.Join(h.etc, "sites-enabled", "docs")); err != nil {
		h.t.Fatal(err)
	}
	h.nginx("-s", "reload")
	h.until("the neighbours answer", 5*time.Second, func() bool { return h.ask(plain, "docs.example") == "the wiki\n" })
	return wiki, plain
}

// theirs are the texts of all files in nginx's folder that are not teal's.
func (h *host) theirs() map[string]string {
	h.t.Helper()
	texts := map[string]string{}
	err := filepath.WalkDir(h.etc, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(path, h.etc+"/log/") || filepath.Base(path) == "zz-teal-"+h.name+".conf" {
			return err
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		texts[path] = fmt.Sprintf("%v %v %s", info.Mode(), info.ModTime(), text)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return texts
}

// workers are the processes of the machine's nginx; a reload replaces them.
func (h *host) workers() []int {
	h.t.Helper()
	return children(h.t, masterOf(h.t, filepath.Join(h.etc, "nginx.pid")))
}

func TestScenarioTheNeighboursOfAnAppNoticeNothing(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	wiki, plain := h.neighbours()
	answers := func() map[string]string {
		return map[string]string{
			"other": h.ask(h.port, "other.example"), "wiki": h.ask(wiki, "any.example"),
			"docs": h.ask(plain, "docs.example"), "docs at the shop's port": h.ask(h.app.port, "docs.example"),
			"a stranger at the shop's port": h.ask(h.app.port, "stranger.example"), "robot": h.fetch(plain, "/robot"),
		}
	}
	files, before := h.theirs(), answers()
	same := func(when string) {
		t.Helper()
		if diff := cmp.Diff(before, answers()); diff != "" {
			t.Errorf("%s the neighbours answer otherwise:\n%s", when, diff)
		}
		if diff := cmp.Diff(files, h.theirs()); diff != "" {
			t.Errorf("%s files of the neighbours are others:\n%s", when, diff)
		}
	}
	h.mustDeploy(1)
	same("after the first deploy")
	workers := h.workers()
	load := h.visit(plain, "docs.example")
	h.mustDeploy(2)
	same("after the second deploy")
	h.must("rollback")
	if seen := load.Stop(); seen.Lost() != 0 || seen.Answered == 0 {
		t.Errorf("the neighbour lost %d of %d: %s", seen.Lost(), seen.Sent, seen.First)
	}
	if now := h.workers(); !slices.Equal(now, workers) {
		t.Errorf("nginx was reloaded: its workers were %v, are %v", workers, now)
	}
	h.shows(h.app.port, 1)
	h.must("down", "--yes", "--volumes")
	same("after down")
	if got := slices.Sorted(maps.Keys(h.theirs())); len(got) != len(files) {
		t.Errorf("nginx's folder has %v", got)
	}
}

// visit is a load of somebody else's site.
func (h *host) visit(port int, name string) *witness.Running {
	return witness.Start(h.t.Context(), witness.Load{Target: fmt.Sprintf("127.0.0.1:%d", port), Host: name, Groups: []witness.Group{
		{Kind: witness.Get, Count: 4, Think: ms(5)},
	}})
}

func TestScenarioAHostNameOfANeighbourIsRefused(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.neighbours()
	h.edit("teal.yaml", "hosts: [shop.example]", "hosts: [shop.example, docs.example]")
	h.deploy(1).fails(2, "docs.example", fmt.Sprintf("127.0.0.1:%d", h.app.port), "nothing of "+h.name+" is live", "next:")
	if got := h.sites(); got != "docs other" {
		t.Errorf("sites-enabled has %s", got)
	}
	if got := h.containers(); len(got) > 0 {
		t.Errorf("there are containers: %v", got)
	}
	h.edit("teal.yaml", ", docs.example", "")
	h.mustDeploy(2)
	h.shows(h.app.port, 2)
}
