package config

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestComposeFilesAreFoundAsComposeFindsThem(t *testing.T) {
	for _, c := range []struct{ have, want []string }{
		{[]string{"compose.yaml", "compose.yml", "docker-compose.yml"}, []string{"compose.yaml"}},
		{[]string{"docker-compose.yml", "docker-compose.yaml"}, []string{"docker-compose.yml"}},
		{[]string{"docker-compose.yaml"}, []string{"docker-compose.yaml"}},
		{[]string{"compose.yml", "compose.override.yaml"}, []string{"compose.yml", "compose.override.yaml"}},
		{[]string{"compose.yaml", "compose.override.yaml", "compose.override.yml"}, []string{"compose.yaml", "compose.override.yml"}},
		{[]string{"compose.yaml", "docker-compose.override.yml"}, []string{"compose.yaml", "docker-compose.override.yml"}},
	} {
		dir := t.TempDir()
		t.Chdir(dir)
		write(t, "teal.yaml", base)
		for _, name := range c.have {
			write(t, name, "")
		}
		app, err := Load("teal.yaml")
		if err != nil {
			t.Fatal(problems(t, err))
		}
		var got []string
		for _, path := range app.Compose {
			got = append(got, filepath.Base(path))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("of %v it takes %v, compose %v", c.have, got, c.want)
		}
	}
}

func TestAFolderWithoutComposeFileIsRefused(t *testing.T) {
	folder(t, base)
	if err := os.Remove("compose.yaml"); err != nil {
		t.Fatal(err)
	}
	_, err := Load("teal.yaml")
	want := "teal.yaml:1:1: no compose file beside it (compose.yaml, compose.yml, docker-compose.yml, docker-compose.yaml): add one or name yours, as in compose: {files: [deploy/compose.yaml]}"
	if got := problems(t, err); len(got) != 1 || got[0] != want {
		t.Errorf("have %q", got)
	}
}
