package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"teal/internal/release"
)

// The JSON of another machine's teal, as it comes: in pieces.
func retells(t *testing.T, r *retold, lines ...any) {
	t.Helper()
	var text []byte
	for _, line := range lines {
		b, err := json.Marshal(line)
		if err != nil {
			t.Fatal(err)
		}
		text = append(append(text, b...), '\n')
	}
	for len(text) > 0 {
		n := min(7, len(text))
		if _, err := r.Write(text[:n]); err != nil {
			t.Fatal(err)
		}
		text = text[n:]
	}
}

func elsewhereWith(t *testing.T, words string) (*elsewhere, *retold, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	e := &elsewhere{args: strings.Fields(words)}
	return e, e.summarized(Env{Out: &out, Err: &out, Getenv: os.Getenv}), &out
}

func TestASummaryOfADeployElsewhereIsWrittenHere(t *testing.T) {
	dir := t.TempDir()
	md, js := filepath.Join(dir, "how.md"), filepath.Join(dir, "how.json")
	e, r, out := elsewhereWith(t, "-f /srv/teal.yaml deploy --summary "+md+" --summary="+js)
	if got := strings.Join(e.args, " "); got != "--json -f /srv/teal.yaml deploy" {
		t.Fatalf("the other teal is given %q", got)
	}
	receipt := release.Receipt{App: "shop", Kind: release.KindDeploy, Release: 43, Outcome: release.OutcomeFailed, Live: release.Blue}
	retells(t, r, release.Event{Type: release.EventBegin, App: "shop", Text: "deploy shop: release 43"},
		release.Event{Type: release.EventReceipt, App: "shop", Receipt: &receipt, Error: &release.Error{Code: release.Gate, What: "it broke", Detail: []string{"password=tealtest"}}})
	if err := r.close(out, nil); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); !strings.Contains(text, "deploy shop: release 43\n") || !strings.Contains(text, "shop: deploy of release 43 failed") || strings.Contains(text, "{") {
		t.Errorf("the story is told as %q", text)
	}
	for _, file := range []string{md, js} {
		text, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(text), "it broke") || strings.Contains(string(text), "tealtest") {
			t.Errorf("%s: %v\n%s", file, err, text)
		}
	}
}

func TestADeployElsewhereThatNeverBeganHasASummaryToo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "how.md")
	_, r, out := elsewhereWith(t, "deploy --summary "+file)
	retells(t, r, map[string]any{"type": "error", "error": release.Error{Code: release.Locked, What: "shop is locked"}})
	if err := r.close(out, nil); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(file); !strings.Contains(string(text), "### teal: shop is locked") {
		t.Errorf("it is %q", text)
	}
	_, r, out = elsewhereWith(t, "deploy --summary "+file)
	lost := errors.New("no way to the host")
	if err := r.close(out, lost); err != lost {
		t.Errorf("the error becomes %v", err)
	}
	if text, _ := os.ReadFile(file); !strings.Contains(string(text), "no way to the host") {
		t.Errorf("it is %q", text)
	}
}

func TestJSONFromElsewhereStaysAsItIs(t *testing.T) {
	e, r, out := elsewhereWith(t, "deploy --json --summary "+filepath.Join(t.TempDir(), "how.md"))
	retells(t, r, map[string]any{"type": "note", "text": "<hello>"})
	if got := strings.Join(e.args, " "); got != "deploy --json" || out.String() != `{"text":"\u003chello\u003e","type":"note"}`+"\n" {
		t.Errorf("%q, %q", got, out.String())
	}
	for _, line := range []string{"deploy", "deploy --summary", "logs -- --summary x"} {
		if e, r, _ := elsewhereWith(t, line); r != nil || strings.Join(e.args, " ") != line {
			t.Errorf("%s is taken for one with a summary: %q", line, e.args)
		}
	}
}
