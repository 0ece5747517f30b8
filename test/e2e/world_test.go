package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// What the real things say: Docker through its API, nginx through HTTP.

// docker asks the engine; a failure ends the test.
func (a *app) docker(do func(context.Context, *client.Client) error) {
	a.t.Helper()
	cli, err := engine()
	if err != nil {
		a.t.Fatal(err)
	}
	defer cli.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := do(ctx, cli); err != nil {
		a.t.Fatalf("ask docker: %v", err)
	}
}

// containers are all containers of the application, running or not.
func (a *app) containers() []container.Summary {
	a.t.Helper()
	var mine []container.Summary
	a.docker(func(ctx context.Context, cli *client.Client) error {
		list, err := cli.ContainerList(ctx, client.ContainerListOptions{All: true})
		for _, c := range list.Items {
			p := c.Labels["com.docker.compose.project"]
			if p == a.name || strings.HasPrefix(p, a.name+"-") {
				mine = append(mine, c)
			}
		}
		return err
	})
	return mine
}

// names are the names of containers that are in the given state.
func (a *app) names(state string) []string {
	a.t.Helper()
	var names []string
	for _, c := range a.containers() {
		if string(c.State) == state {
			names = append(names, strings.TrimPrefix(c.Names[0], "/"))
		}
	}
	return names
}

// id is the id of the only container whose name has the part.
func (a *app) id(part string) string {
	a.t.Helper()
	var found []string
	for _, c := range a.containers() {
		if strings.Contains(c.Names[0], part) {
			found = append(found, c.ID)
		}
	}
	if len(found) != 1 {
		a.t.Fatalf("%d containers are named %s: %v", len(found), part, a.names("running"))
	}
	return found[0]
}

// leftovers are things of the application on the machine.
func (a *app) leftovers() []string {
	var left []string
	for _, c := range a.containers() {
		left = append(left, "container "+c.Names[0])
	}
	a.docker(func(ctx context.Context, cli *client.Client) error {
		for _, c := range a.keepers(ctx, cli) {
			left = append(left, "container "+c.Names[0])
		}
		networks, err := a.networks(ctx, cli)
		for _, name := range networks {
			left = append(left, "network "+name)
		}
		if err != nil {
			return err
		}
		volumes, err := cli.VolumeList(ctx, client.VolumeListOptions{})
		for _, v := range volumes.Items {
			if strings.HasPrefix(v.Name, a.name+"_") {
				left = append(left, "volume "+v.Name)
			}
		}
		if err != nil {
			return err
		}
		images, err := cli.ImageList(ctx, client.ImageListOptions{})
		for _, i := range images.Items {
			for _, tag := range i.RepoTags {
				if strings.Contains(tag, "/"+a.name+"/") {
					left = append(left, "image "+tag)
				}
			}
		}
		return err
	})
	for _, pattern := range []string{"apps/*", "live/*", "flags/*"} {
		files, _ := filepath.Glob(filepath.Join(a.state, pattern))
		left = append(left, slices.DeleteFunc(files, a.mountedEmpty)...)
	}
	// nginx -t leaves an empty pid file behind.
	if b, err := os.ReadFile(filepath.Join(a.state, "proxy", "nginx.pid")); err == nil && len(b) > 0 {
		left = append(left, "nginx "+strings.TrimSpace(string(b)))
	}
	return left
}

// networks are the names of the application's networks, one that is there twice
// twice.
func (a *app) networks(ctx context.Context, cli *client.Client) ([]string, error) {
	all, err := cli.NetworkList(ctx, client.NetworkListOptions{})
	var names []string
	for _, n := range all.Items {
		if n.Name == "teal-"+a.name || strings.HasPrefix(n.Name, a.name+"-") || strings.HasPrefix(n.Name, a.name+"_") {
			names = append(names, n.Name)
		}
	}
	return names, err
}

// mountedEmpty reports whether a folder stays since a container may have it
// mounted, and holds no file any more.
func (a *app) mountedEmpty(dir string) bool {
	if !a.mounted || dir != filepath.Join(a.state, "apps", a.name) {
		return false
	}
	empty := true
	err := filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		empty = empty && err == nil && d.IsDir()
		return nil
	})
	return empty && err == nil
}

// keepers are the containers that hold the images of kept releases.
func (a *app) keepers(ctx context.Context, cli *client.Client) []container.Summary {
	ours := client.Filters{}.Add("label", "teal.app="+a.name, "teal.keep")
	list, err := cli.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: ours})
	if err != nil {
		a.t.Log(err)
	}
	return list.Items
}

// removeByHand cleans up after a teal that did not, so that one failure does
// not become the next test's.
func (a *app) removeByHand() {
	a.docker(func(ctx context.Context, cli *client.Client) error {
		for _, c := range append(a.containers(), a.keepers(ctx, cli)...) {
			if _, err := cli.ContainerRemove(ctx, c.ID, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true}); err != nil {
				a.t.Log(err)
			}
		}
		for _, n := range []string{"teal-" + a.name, a.name + "-blue_default", a.name + "-green_default"} {
			_, _ = cli.NetworkRemove(ctx, n, client.NetworkRemoveOptions{}) // most are gone already
		}
		_, _ = cli.VolumeRemove(ctx, a.name+"_data", client.VolumeRemoveOptions{})
		return nil
	})
}

// evidence writes what there is to see to the test's log, before it is gone.
func (a *app) evidence() {
	for _, c := range a.containers() {
		a.t.Logf("container %s: %s, %s", c.Names[0], c.State, c.Status)
	}
	for _, pattern := range []string{"apps/*/*.conf", "apps/*/*.log", "proxy/*.conf", "proxy/logs/*", "proxy/*.log"} {
		files, _ := filepath.Glob(filepath.Join(a.state, pattern))
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err == nil {
				a.t.Logf("%s:\n%s", f, tail(string(b), 4000))
			}
		}
	}
	a.t.Logf("status: %v", a.teal("status"))
	a.t.Logf("history: %v", a.teal("history"))
}

func tail(s string, n int) string {
	if len(s) > n {
		return "…" + s[len(s)-n:]
	}
	return s
}

// get asks the site and returns the status and the body.
func (a *app) get(path string) (int, string) {
	a.t.Helper()
	c := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := c.Get(fmt.Sprintf("http://127.0.0.1:%d%s", a.port, path))
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err.Error()
	}
	return res.StatusCode, string(b)
}

// serves checks that clients get the given version.
func (a *app) serves(version int) {
	a.t.Helper()
	if code, body := a.get("/"); code != 200 || !strings.Contains(body, fmt.Sprintf("version %d", version)) {
		a.t.Errorf("the site answers %d %s, want version %d", code, body, version)
	}
}

// status is teal status --json.
func (a *app) status() statusView {
	a.t.Helper()
	var v statusView
	if err := json.Unmarshal([]byte(a.must("status", "--json").stdout), &v); err != nil {
		a.t.Fatal(err)
	}
	return v
}

// statusView is the promised shape of teal status --json.
type statusView struct {
	App    string         `json:"app"`
	Live   string         `json:"live"`
	Shares map[string]int `json:"shares"`
	Colors map[string]struct {
		Release  int    `json:"release"`
		State    string `json:"state"`
		Healthy  bool   `json:"healthy"`
		Services []struct {
			Name    string `json:"name"`
			Running int    `json:"running"`
			Wanted  int    `json:"wanted"`
		} `json:"services"`
	} `json:"colors"`
	Deploy *struct {
		Kind    string `json:"kind"`
		Release int    `json:"release"`
		Step    string `json:"step"`
		Running bool   `json:"running"`
	} `json:"deploy"`
}

// until polls a condition with a deadline.
func (a *app) until(what string, limit time.Duration, done func() bool) {
	a.t.Helper()
	deadline := time.After(limit)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-deadline:
			a.t.Fatalf("%s: not within %s", what, limit)
		case <-tick.C:
		}
	}
}
