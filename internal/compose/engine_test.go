package compose

import (
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moby/moby/client"

	"teal/internal/release"
)

func TestAnEngineThatIsNotThereSaysWhatToDo(t *testing.T) {
	t.Setenv("DOCKER_HOST", "unix://"+filepath.Join(t.TempDir(), "none.sock"))
	_, err := New(t.Context(), "/var/lib/teal-test")
	e := known(t, err, release.Unreachable)
	if !strings.Contains(e.What, "none.sock") || !strings.Contains(e.Next, "DOCKER_HOST") {
		t.Errorf("got %q, next %q", e.What, e.Next)
	}
}

func TestAnEngineThatGoesAwayIsNamedOnceWithItsAddress(t *testing.T) {
	t.Parallel()
	nowhere := "unix://" + filepath.Join(t.TempDir(), "none.sock")
	c, err := client.New(client.WithHost(nowhere))
	if err != nil {
		t.Fatal(err)
	}
	e := &Engine{client: c}
	_, raw := c.ContainerList(t.Context(), client.ContainerListOptions{})
	for what, err := range map[string]error{
		"of a list":  e.failed("list all", e.failed("list containers", raw)),
		"of a start": e.notStarted(t.Context(), "blue", fmt.Errorf("start: %w", raw)),
		"of both":    e.notStarted(t.Context(), "blue", e.failed("list containers", raw)),
	} {
		first := known(t, err, release.Unreachable)
		text := err.Error() + strings.Join(first.Detail, "")
		if first.What != "docker can't be reached at "+nowhere || strings.Count(text, "can't be reached") != 1 {
			t.Errorf("%s: %q, detail %q", what, err, first.Detail)
		}
	}
}

func TestAnEngineThatIsTooOldIsNamedWithBothVersions(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "old.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	old := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Api-Version", "1.40")
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte(`{"Version":"19.03.15","ApiVersion":"1.40"}`))
	})}
	go old.Serve(listener)
	t.Cleanup(func() { old.Close() })
	t.Setenv("DOCKER_HOST", "unix://"+socket)
	_, err = New(t.Context(), "/var/lib/teal-test")
	e := known(t, err, release.Unreachable)
	if e.What != "Docker engine 19.03.15 is too old: it speaks API 1.40, teal needs API 1.41" {
		t.Errorf("got %q", e.What)
	}
}
