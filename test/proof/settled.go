//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"teal/internal/release"
)

// routed checks that the color which nginx is told to route to runs. It holds
// at every moment, whoever was killed.
func (h *hall) routed(ctx context.Context, s *site) error {
	color, err := s.routes()
	if err != nil {
		return err
	}
	containers, err := h.containers(ctx, s)
	if err != nil {
		return err
	}
	for n := 1; n <= s.replicas; n++ {
		if name := s.container(color, n); containers[name] != "running" {
			return fmt.Errorf("nginx routes to %s, and %s is %q: %v", color, name, containers[name], containers)
		}
	}
	return nil
}

// routes is the color that the switch on the disk says.
func (s *site) routes() (release.Color, error) {
	to, err := os.Readlink(filepath.Join(s.state(), "live", s.name))
	if err != nil {
		return "", err
	}
	color := release.Color(filepath.Base(to))
	if color != release.Blue && color != release.Green {
		return "", fmt.Errorf("the switch leads to %s", to)
	}
	return color, nil
}

// container is the name of a replica's container: each of several is a service
// of its own.
func (s *site) container(c release.Color, replica int) string {
	if s.replicas == 1 {
		return fmt.Sprintf("%s-%s-web-%s-1", s.name, c, c)
	}
	return fmt.Sprintf("%s-%s-web-%s-%d-1", s.name, c, c, replica)
}

// status is what the proof reads of teal status --json.
type status struct {
	Live   release.Color         `json:"live"`
	Shares map[release.Color]int `json:"shares"`
	Colors map[release.Color]struct {
		Release int  `json:"release"`
		Healthy bool `json:"healthy"`
	} `json:"colors"`
	Deploy *json.RawMessage `json:"deploy"`
}

func (s *site) status(ctx context.Context) (st status, err error) {
	last, err := s.run(ctx, "status", "--json")
	if err != nil {
		return st, err
	}
	return st, json.Unmarshal(last, &st)
}

// settled checks that nothing is under way, that one color is live, whole and
// routed to, and that nothing else of the site's is on the machine but at most
// a standby: no container, no network, no table, no half-written file.
func (h *hall) settled(ctx context.Context, s *site) error {
	st, err := s.status(ctx)
	if err != nil {
		return err
	}
	if st.Deploy != nil || !st.Colors[st.Live].Healthy || st.Shares[st.Live] != 100 {
		return fmt.Errorf("not settled: %+v", st)
	}
	if color, err := s.routes(); err != nil || color != st.Live {
		return fmt.Errorf("status says %s is live, the switch %s: %w", st.Live, color, err)
	}
	return errors.Join(h.alone(ctx, s, st.Live), h.networked(ctx, s), s.clean(), s.linear(ctx))
}

// alone checks that the live color runs and that no container is there beside
// it but those of a whole standby, stopped.
func (h *hall) alone(ctx context.Context, s *site, live release.Color) error {
	containers, err := h.containers(ctx, s)
	if err != nil {
		return err
	}
	rest := len(containers)
	for n := 1; n <= s.replicas; n++ {
		if containers[s.container(live, n)] != "running" {
			return fmt.Errorf("%s is live and does not run: %v", live, containers)
		}
		rest--
		if containers[s.container(live.Other(), n)] == "exited" {
			rest--
		}
	}
	if rest != 0 {
		return fmt.Errorf("containers that nobody wants: %v", containers)
	}
	return nil
}

func (h *hall) networked(ctx context.Context, s *site) error {
	have, err := h.networks(ctx, s)
	if err != nil {
		return err
	}
	rest := slices.Clone(have)
	for _, name := range []string{"teal-" + s.name, s.name + "-blue_default", s.name + "-green_default"} {
		if i := slices.Index(rest, name); i >= 0 {
			rest = slices.Delete(rest, i, i+1)
		}
	}
	if len(rest) > 0 || !slices.Contains(have, "teal-"+s.name) {
		return fmt.Errorf("the networks are %v", have)
	}
	return nil
}

// clean looks for what a killed writer may leave: half-built tables, temporary
// links, flags that stay up.
func (s *site) clean() error {
	return filepath.WalkDir(s.state(), func(path string, d os.DirEntry, err error) error {
		switch name := filepath.Base(path); {
		case err != nil:
			return err
		case strings.HasPrefix(name, "."), strings.Contains(name, ".tmp"), strings.HasSuffix(name, ".watch"):
			return fmt.Errorf("left behind: %s", path)
		case filepath.Dir(path) == filepath.Join(s.state(), "tables") && name != "blue" && name != "green":
			return fmt.Errorf("a table that nobody wants: %s", path)
		}
		return nil
	})
}

// linear checks the history: numbers grow by one, one release is live, none is
// starting for ever.
func (s *site) linear(ctx context.Context) error {
	cmd := s.command(ctx, "history", "--json", "--limit", "0")
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("teal history: %w\n%s", err, cmd.told())
	}
	live, after := 0, 0
	for line := range strings.Lines(cmd.out.String()) {
		var r release.Release
		if err := json.Unmarshal([]byte(line), &struct {
			Release *int           `json:"release"`
			State   *release.State `json:"state"`
		}{&r.Number, &r.State}); err != nil {
			return err
		}
		if r.State == release.StateLive {
			live++
		}
		if r.State == release.StateStarting || r.Number >= after && after > 0 {
			return fmt.Errorf("release %d is %s, after %d:\n%s", r.Number, r.State, after, cmd.out.String())
		}
		after = r.Number
	}
	if live != 1 {
		return fmt.Errorf("%d releases are live:\n%s", live, cmd.out.String())
	}
	return nil
}
