package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// differ is a machine whose nginx leads to an application by hand.
type differ struct {
	*host
	secure    int
	app, back int // published ports
}

func newDiffer(t *testing.T) *differ {
	t.Helper()
	ports := freePorts(t, 3)
	d := &differ{host: &host{app: bare(t)}, secure: ports[0], app: ports[1], back: ports[2]}
	d.etc, d.host.app.host = filepath.Join(filepath.Dir(d.dir), "etc"), "differ.example"
	for _, dir := range []string{"sites-enabled", "conf.d", "log", "tmp", "www"} {
		if err := os.MkdirAll(filepath.Join(d.etc, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(d.etc, "tmp"), 0o777); err != nil {
		t.Fatal(err)
	}
	d.put("www/page.html", "a page\n")
	d.put("www/404.html", "our own page of what is lost\n")
	d.put("users", "me:{PLAIN}open\n")
	d.certificate(1)
	for name, text := range map[string]string{"nginx.conf": differMain, "sites-enabled/differ": differSite, "sites-enabled/secure": differSecure} {
		d.put(name, d.filled(text))
	}
	d.write("compose.yaml", d.filled(strings.ReplaceAll(differCompose, "IMAGE", packRecorder(t))))
	return d
}

func (d *differ) filled(text string) string {
	return strings.NewReplacer("ETC", d.etc, "PLAIN", fmt.Sprint(d.host.app.port), "SECURE", fmt.Sprint(d.secure), "DIR", d.dir, "NAME", d.name, "APP", fmt.Sprint(d.app), "BACK", fmt.Sprint(d.back)).Replace(text)
}

// packRecorder makes the image of the backend.
func packRecorder(t *testing.T) string {
	t.Helper()
	ref := fmt.Sprintf("tealtest-e2e-recorder:%d", os.Getpid())
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := buildImage(ctx, ref, "./testdata/recorder"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { removeImage(ref) })
	return ref
}

// recorders are what runs before teal does: the same program, at the ports that
// the compose file publishes.
func (d *differ) recorders() {
	bin := filepath.Join(built.dir, "recorder")
	if err := goBuild(bin, "./testdata/recorder"); err != nil {
		d.t.Fatal(err)
	}
	for _, port := range []int{d.app, d.back} {
		cmd := exec.Command(bin, fmt.Sprintf("127.0.0.1:%d", port))
		if err := cmd.Start(); err != nil {
			d.t.Fatal(err)
		}
		d.t.Cleanup(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		})
		d.until("the backend answers", 5*time.Second, func() bool { return d.ask(port, "x") != "" && !strings.Contains(d.ask(port, "x"), "refused") })
	}
}

// onceAdopted is what was seen first as it is once the site is adopted: the same,
// but for the one exception.
func onceAdopted(t *testing.T, first []string) []string {
	t.Helper()
	asked, list, others := questions(), slices.Clone(first), 0
	for i, q := range asked {
		if q.encoded {
			list[i] = encoded(first[i])
		}
		if list[i] != first[i] {
			others++
		}
	}
	t.Logf("%d answers are pinned to show raw bytes escaped", others)
	if others < 100 {
		t.Errorf("only %d answers have raw bytes in what the backend got", others)
	}
	return list
}

// same compares what was seen with what was seen first.
func (d *differ) same(phase string, first, now []string) {
	d.t.Helper()
	asked, told := questions(), 0
	for i := range first {
		if first[i] == now[i] {
			continue
		}
		if told++; told > 5 {
			continue
		}
		what := fmt.Sprintf("HTTP/2 request %d", i-len(asked))
		if i < len(asked) {
			what = asked[i].text
		}
		d.t.Errorf("%s: what was asked:\n%s\nwas answered\n%s\nand now\n%s", phase, what, first[i], now[i])
	}
	if told > 5 {
		d.t.Errorf("%s: %d more differ", phase, told-5)
	}
	d.t.Logf("%s: %d of %d answers are the same", phase, len(first)-told, len(first))
}

// A site that was written by hand is adopted, and nobody sees it: not before
// the first release, not on blue, not on green. The backend puts what it got
// into its answer, so what clients see tells of both.
func TestScenarioAdoptionChangesNothingThatAClientOrABackendSees(t *testing.T) {
	t.Parallel()
	d := newDiffer(t)
	d.recorders()
	d.nginx()
	t.Cleanup(d.takenBack)
	d.until("nginx answers", 5*time.Second, func() bool { return strings.Contains(d.ask(d.host.app.port, "differ.example"), "GET /") })
	first := d.answers(d.secure, "aaaaaaaa")
	if len(first) < 200 {
		t.Fatalf("%d requests are too few", len(first))
	}
	for _, status := range []string{"101", "200", "204", "301", "302", "307", "401", "403", "404", "405", "410", "413", "503"} {
		if !strings.Contains(strings.Join(first, "\x00"), "\x00HTTP/1.1 "+status) {
			t.Errorf("no request is answered %s: the questions are too few", status)
		}
	}
	d.same("again", first, d.answers(d.secure, "bbbbbbbb"))

	first = onceAdopted(t, first)
	d.must("init", "--write", "--nginx", filepath.Join(d.etc, "nginx.conf"))
	d.reloads(masterOf(t, filepath.Join(d.etc, "nginx.pid")), func() { d.nginx("-s", "reload") })
	d.same("adopted, before the first release", first, d.answers(d.secure, "cccccccc"))
	d.releases(first)
}

// takenBack ends the application and its nginx. What server blocks include stays
// after down, until they don't.
func (d *differ) takenBack() {
	if d.t.Failed() {
		d.evidence()
	}
	d.teal("down", "--volumes", "--yes")
	d.nginx("-s", "stop")
	for _, path := range []string{filepath.Join(d.state, "apps", d.name), filepath.Join(d.dir, "teal.yaml")} {
		if err := os.RemoveAll(path); err != nil {
			d.t.Log(err)
		}
	}
}

// releases compares on each color.
func (d *differ) releases(first []string) {
	d.t.Helper()
	for i, color := range []string{"blue", "green"} {
		d.mustDeploy(i + 1)
		if live := d.status().Live; live != color {
			d.t.Errorf("release %d is live in %s", i+1, live)
		}
		d.same("on "+color, first, d.answers(d.secure, "token"+fmt.Sprintf("%03d", i)))
	}
}
