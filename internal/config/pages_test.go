package config

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// accepts reports whether a real nginx takes pages for all these statuses.
func accepts(t *testing.T, statuses ...int) bool {
	t.Helper()
	dir := t.TempDir()
	text := "pid " + dir + "/pid; error_log stderr; events {}\nhttp { access_log off; server { listen 127.0.0.1:18080;\n"
	for _, status := range statuses {
		text += fmt.Sprintf("error_page %d /page;\n", status)
	}
	main := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(main, []byte(text+"} }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "/usr/sbin/nginx", "-t", "-p", dir, "-c", main).CombinedOutput()
	if err != nil && len(statuses) > 1 {
		t.Logf("nginx refuses it (install nginx if it is missing): %v\n%s", err, out)
	}
	return err == nil
}

func TestAPageIsForAnyStatusThatNginxTakesAndTealDoesNotUse(t *testing.T) {
	folder(t, base)
	var taken, refused []int
	for status := 400; status <= 599; status++ {
		write(t, "teal.yaml", site(fmt.Sprintf("error_pages: {%d: page.html}", status)))
		if _, err := Load("teal.yaml"); err == nil {
			taken = append(taken, status)
		} else {
			refused = append(refused, status)
		}
	}
	if !accepts(t, taken...) {
		t.Error("nginx refuses a status that teal.yaml may have")
	}
	for _, status := range refused {
		if own := slices.Contains([]int{418, 419, 420, 427}, status); accepts(t, status) != own {
			t.Errorf("%d is refused, though nginx takes it and teal does not use it, or the other way round", status)
		}
	}
	if len(refused) != 5 {
		t.Errorf("refused are %v", refused)
	}
}
