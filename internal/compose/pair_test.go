package compose

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"teal/internal/release"
)

func TestAFileForEachColorIsFoundByItsName(t *testing.T) {
	for name, c := range map[string]struct {
		files       []string
		blue, green string // "" for no pair
		shared      []string
	}{
		"a pair":                {[]string{"docker-compose.blue.yml", "docker-compose.green.yml"}, "docker-compose.blue.yml", "docker-compose.green.yml", nil},
		"and what both share":   {[]string{"compose.blue.yaml", "compose-green.yml", "compose.yaml"}, "compose.blue.yaml", "compose-green.yml", []string{"compose.yaml"}},
		"one color alone":       {[]string{"docker-compose.blue.yml", "compose.yaml"}, "", "", nil},
		"other files in colors": {[]string{"blue.yml", "green.yml"}, "", "", nil},
	} {
		dir := t.TempDir()
		for _, file := range c.files {
			if err := os.WriteFile(filepath.Join(dir, file), []byte("services: {}\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		shared, own := Pair(dir)
		if c.blue == "" {
			if own != nil {
				t.Errorf("%s: a pair is found: %v", name, own)
			}
			continue
		}
		for i := range shared {
			shared[i] = filepath.Base(shared[i])
		}
		want := map[release.Color][]string{release.Blue: {filepath.Join(dir, c.blue)}, release.Green: {filepath.Join(dir, c.green)}}
		if diff := cmp.Diff(want, own) + cmp.Diff(c.shared, shared); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
