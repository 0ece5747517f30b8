package render

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// ownMain is the main configuration of teal's own nginx.
func ownMain(t *testing.T, root string) []byte {
	t.Helper()
	main, err := Main(root, "")
	if err != nil {
		t.Fatal(err)
	}
	return main
}

// plainMain is that of a machine's nginx which sets nothing.
func plainMain(_ *testing.T, root string) []byte {
	return []byte("pid " + root + "/pid; events {} http { include " + root + "/apps/*/standalone.conf; }")
}

// passes fails unless a real nginx takes the rendered texts together.
func passes(t *testing.T, main func(*testing.T, string) []byte, inputs ...Input) {
	t.Helper()
	root, err := os.MkdirTemp("", "tealtest-render-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	for _, in := range inputs {
		in.Root, in.AccessLogs = root, nil
		out, err := Site(in)
		if err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(root, "apps", in.App.Name, "standalone.conf"), out.Text)
	}
	put(t, filepath.Join(root, "proxy", "nginx.conf"), main(t, root))
	for _, dir := range []string{"proxy/logs", "proxy/temp"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.CommandContext(t.Context(), "/usr/sbin/nginx", "-t", "-p", root, "-c", filepath.Join(root, "proxy", "nginx.conf")).CombinedOutput()
	if err != nil {
		t.Errorf("nginx refuses it (install nginx if it is missing): %v\n%s", err, out)
	}
}

func put(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// here listens where any machine can.
func here(in Input) Input {
	in.App.Site.Listen = []string{"127.0.0.1:18080"}
	return in
}

func TestARealNginxTakesEveryGolden(t *testing.T) {
	for name, in := range map[string]Input{
		"standalone": here(input(t)), "any-host": anyHost(input(t)), "host": here(beside(input(t))),
	} {
		t.Run(name, func(t *testing.T) { passes(t, ownMain, in) })
	}
}

func TestARealNginxTakesManyAppsWithTheLongestNames(t *testing.T) {
	var own, beside []Input
	for _, last := range "abcdefghij" {
		in := here(input(t))
		in.App.Name = "a-name-of-thirty-two-characters" + string(last)
		in.App.Site.Hosts = []string{in.App.Name + ".example"}
		beside = append(beside, in)
		in.App.Site.Hosts = []string{in.App.Name + ".a-rather-long-zone-of-some-company.example"}
		own = append(own, in)
	}
	// nginx keeps names in hashes of fixed bucket size. In a machine's nginx
	// the sizes are its owner's, so our names must fit into the defaults.
	passes(t, plainMain, beside...)
	passes(t, ownMain, own...)
}
