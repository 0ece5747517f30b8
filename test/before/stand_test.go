package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// screen is what a person sees.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
	full chan struct{} // closed when the last line is there
}

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.text.Write(b)
	if strings.Contains(s.text.String(), "Ctrl-C") {
		close(s.full)
	}
	return n, err
}

func ask(ctx context.Context, t *testing.T, host, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err.Error()
	}
	return string(body)
}

func TestScenarioALayoutIsStoodUpToBeLookedAtAndGoneAfterwards(t *testing.T) {
	ctx, interrupt := context.WithTimeout(t.Context(), 3*time.Minute)
	defer interrupt()
	seen := &screen{full: make(chan struct{})}
	ended := make(chan error, 1)
	go func() { ended <- stand(ctx, seen, "../../examples", "two-compose-files") }()
	select {
	case <-seen.full:
	case err := <-ended:
		t.Fatal(err)
	}
	text := seen.text.String()
	site := regexp.MustCompile(`curl -k -H 'Host: (\S+)' (\S+)`).FindStringSubmatch(text)
	folder := regexp.MustCompile(`its folder  (\S+)`).FindStringSubmatch(text)
	if site == nil || folder == nil {
		t.Fatalf("it does not say where it is:\n%s", text)
	}
	if said := ask(ctx, t, site[1], site[2]); !strings.Contains(said, "version 1") {
		t.Errorf("%s of %s answers %q", site[2], site[1], said)
	}
	env, err := os.ReadFile(filepath.Join(folder[1], "../env"))
	if err != nil || !strings.Contains(string(env), "export TEAL_STATE_DIR='"+filepath.Dir(folder[1])+"/state'\n") || strings.Contains(string(env), "export HOME=") {
		t.Errorf("its shell gets %v\n%s", err, env)
	}
	interrupt()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Dir(folder[1])); err == nil {
		t.Errorf("left behind: %s", folder[1])
	}
}

func TestALayoutThatIsNotThereIsAnsweredWithThoseThatAre(t *testing.T) {
	err := stand(t.Context(), &screen{}, "../../examples", "one-tier")
	if err == nil || !strings.Contains(err.Error(), "there are three-tiers, two-compose-files, nginx-container, shared-database, registry-and-backup") {
		t.Error(err)
	}
}
