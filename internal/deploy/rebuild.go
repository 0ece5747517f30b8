package deploy

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"teal/internal/release"
)

// rebuilt is what a lost journal knew, as far as nginx and the labels of
// containers tell it: which releases there are, where they are, and their
// addresses. What needs their specs (running one again whose containers are
// gone) can't be had back.
func rebuilt(o release.Observed) release.Memory {
	m := release.Memory{Next: 1, Network: networkOf(o.Engine)}
	live := o.Live()
	for _, c := range release.Colors {
		state := o.Engine.Colors[c]
		if state.Release == 0 {
			continue
		}
		r := release.Release{
			App: o.App.Name, Number: state.Release, Color: c, State: release.StateReplaced,
			Images: imagesOf(state), Created: state.Containers[0].Started, By: "rebuilt from the containers' labels",
		}
		if c == live {
			r.State = release.StateLive
		}
		m.Releases = append(m.Releases, r)
		m.Next = max(m.Next, r.Number+1)
	}
	slices.SortFunc(m.Releases, func(a, b release.Release) int { return b.Number - a.Number })
	return m
}

func imagesOf(state release.ColorState) map[string]string {
	images := map[string]string{}
	for _, c := range state.Containers {
		images[c.Service] = c.Image
	}
	return images
}

func networkOf(e release.Engine) release.Network {
	if !e.Network.Exists {
		return release.Network{}
	}
	n := release.Network{Subnet: e.Network.Subnet, Slots: map[release.Slot]netip.Addr{}}
	for c, state := range e.Colors {
		for _, have := range state.Containers {
			if have.Addr.IsValid() {
				n.Slots[release.Slot{Service: have.Service, Color: c, Replica: have.Replica}] = have.Addr
			}
		}
	}
	return n
}

// lost reports whether the journal knows nothing of an app that is there.
func lost(m release.Memory, o release.Observed) bool {
	return len(m.Releases) == 0 && slices.ContainsFunc(slices.Collect(maps.Values(o.Engine.Colors)), func(s release.ColorState) bool { return s.Release > 0 })
}

// rebuild writes what was rebuilt into the journal, and says so aloud.
func (d *Deployer) rebuild(o release.Observed) error {
	if !o.Rebuilt {
		return nil
	}
	var found []string
	for _, r := range o.Releases {
		found = append(found, fmt.Sprintf("release %d (%s) in %s", r.Number, r.State, r.Color))
	}
	d.note(o.App, "the journal knows nothing of "+o.App.Name+"; rebuilt from nginx and the containers' labels: "+strings.Join(found, ", "))
	for _, r := range slices.Backward(o.Releases) {
		if err := d.Journal.Restore(r); err != nil {
			return fmt.Errorf("rebuild the journal: %w", err)
		}
	}
	return nil
}
