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
// containers tell it: which releases there are, and where they are. What needs
// their specs (running one again whose containers are gone) can't be had back.
// What the journal does know stays.
func rebuilt(o release.Observed) (releases []release.Release, next int) {
	releases, next = slices.Clone(o.Releases), o.Next
	live := o.Live()
	for _, c := range release.Colors {
		state := o.Engine.Colors[c]
		if state.Release < o.Next {
			continue
		}
		r := release.Release{
			App: o.App.Name, Number: state.Release, Color: c, State: release.StateReplaced,
			Images: imagesOf(state), Created: state.Containers[0].Started, By: "rebuilt from the containers' labels",
		}
		if c == live {
			r.State = release.StateLive
		}
		releases = append(releases, r)
		next = max(next, r.Number+1)
	}
	slices.SortFunc(releases, func(a, b release.Release) int { return b.Number - a.Number })
	return releases, next
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

// lost reports whether the journal does not know of a release that is there,
// whose number it would give out again: it was lost, or comes from a backup, or
// teal was killed while it rebuilt it.
func lost(m release.Memory, e release.Engine) bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(e.Colors)), func(s release.ColorState) bool { return s.Release >= m.Next })
}

// rebuild writes what was rebuilt into the journal, and says so aloud.
func (d *Deployer) rebuild(o release.Observed) error {
	if !o.Rebuilt {
		return nil
	}
	memory, err := d.Journal.Memory(o.App.Name)
	if err != nil {
		return err
	}
	unknown := slices.DeleteFunc(slices.Clone(o.Releases), func(r release.Release) bool { return r.Number < memory.Next })
	var found []string
	for _, r := range unknown {
		found = append(found, fmt.Sprintf("release %d (%s) in %s", r.Number, r.State, r.Color))
	}
	lacks := "nothing of " + o.App.Name
	if len(memory.Releases) > 0 {
		lacks = "an older " + o.App.Name + " alone"
	}
	d.note(o.App, "the journal knows "+lacks+"; rebuilt from nginx and the containers' labels: "+strings.Join(found, ", "))
	for _, r := range slices.Backward(unknown) { // the lowest number first
		if err := d.restore(r); err != nil {
			return fmt.Errorf("rebuild the journal: %w", err)
		}
	}
	return nil
}

// restore puts a release back. One that is live takes the place of the one that
// an older journal has for live.
func (d *Deployer) restore(r release.Release) error {
	if err := d.Journal.Restore(r); err != nil || r.State != release.StateLive {
		return err
	}
	return d.Journal.SetState(r.App, r.Number, r.State, r.Color, "")
}
