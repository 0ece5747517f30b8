package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"teal/internal/journal"
	"teal/internal/release"
)

// called runs the command line and returns what it prints.
func called(t *testing.T, state string, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	env := Env{
		Args: args, Version: "v0-test", In: strings.NewReader(""), Out: &out, Err: &errs,
		Getenv: func(name string) string { return map[string]string{"TEAL_STATE_DIR": state}[name] },
	}
	if code := Run(env); code != exitDone {
		t.Fatalf("teal %v: exit %d\n%s", args, code, errs.String())
	}
	return out.String()
}

func TestThereIsACompletionForEachShell(t *testing.T) {
	for shell, sign := range map[string]string{"bash": "complete -o default", "zsh": "#compdef teal", "fish": "complete -c teal", "powershell": "Register-ArgumentCompleter"} {
		if script := called(t, t.TempDir(), "completion", shell); !strings.Contains(script, sign) {
			t.Errorf("the script for %s has no %q:\n%.300s", shell, sign, script)
		}
	}
}

func TestServicesColorsAndReleasesAreCompleted(t *testing.T) {
	dir, state := walkable(t), walkable(t)
	for name, text := range map[string]string{
		"teal.yaml":    "app: shop\nservices:\n  web: {port: 80}\nroutes: [{path: /, to: web}]\n",
		"compose.yaml": "services:\n  web: {image: \"web:1\"}\n  db: {image: \"postgres:16\"}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	released(t, state, 3)
	file := filepath.Join(dir, "teal.yaml")
	for _, tc := range []struct {
		words []string
		want  []string
	}{
		{[]string{"logs", "-f", file, ""}, []string{"db\tshared", "web\tcolored"}},
		{[]string{"logs", "-f", file, "web", ""}, nil},
		{[]string{"logs", "--color", ""}, []string{"blue", "green"}},
		{[]string{"rollback", "-f", file, "--to", ""}, []string{"2\t", "1\t"}},
		{[]string{"logs", "-f", "/nonexistent/teal.yaml", ""}, nil},
		{[]string{"--host", "ssh://nowhere.invalid", "stat"}, []string{"status\t"}},
		{[]string{"doc"}, []string{"doctor\t"}},
	} {
		got := strings.Split(strings.TrimSpace(called(t, state, append([]string{"__complete"}, tc.words...)...)), "\n")
		got = got[:len(got)-1] // the last line is for the script
		if len(got) != len(tc.want) {
			t.Errorf("%q offers %q, want %q", tc.words, got, tc.want)
			continue
		}
		for i := range got {
			if !strings.HasPrefix(got[i], tc.want[i]) {
				t.Errorf("%q offers %q, want %q", tc.words, got, tc.want)
			}
		}
	}
}

// released makes a history in which the last release is live.
func released(t *testing.T, state string, releases int) {
	t.Helper()
	j, err := journal.Open(state)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	for n := 1; n <= releases; n++ {
		r := release.Release{App: "shop", Number: n, Color: release.Blue, Created: time.Now(), By: "me@here"}
		if _, err := j.Begin(release.Deploy{App: "shop", Kind: release.KindDeploy, Release: n, Started: r.Created}, &r, nil); err != nil {
			t.Fatal(err)
		}
		if err := j.SetState("shop", n, release.StateLive, release.Blue, ""); err != nil {
			t.Fatal(err)
		}
	}
}
