package cli

import (
	"encoding/json"
	"fmt"

	"teal/internal/release"
	"teal/internal/term"

	"github.com/spf13/cobra"
)

func (g *globals) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "show what is live, by nginx's and Docker's own word",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			p, err := g.look(c.Context())
			if err != nil {
				return err
			}
			defer p.close()
			o, err := p.deployer.Observe(c.Context(), p.app)
			if err != nil {
				return err
			}
			running, err := p.journal.Running(p.app.Name)
			if err != nil {
				return err
			}
			view := statusOf(o, running)
			if g.json {
				return json.NewEncoder(g.env.Out).Encode(view)
			}
			return term.Status(g.env.Out, view)
		},
	}
}

// statusOf is what was observed, in the shape that teal status prints.
func statusOf(o release.Observed, running bool) term.StatusView {
	v := term.StatusView{
		App: o.App.Name, Live: o.Live(), Shares: map[release.Color]int{}, Colors: map[release.Color]term.ColorView{},
		Shared: sharedOf(o.Engine.Shared), Deploy: deployOf(o.Unended, running),
	}
	for _, c := range release.Colors {
		if o.Routing.Known {
			v.Shares[c] = o.Routing.Table.Share(c)
		}
		v.Colors[c] = colorOf(o, c)
	}
	for _, p := range o.Routing.Proxies {
		v.Proxies = append(v.Proxies, proxyOf(p, o.Routing))
	}
	return v
}

func colorOf(o release.Observed, c release.Color) term.ColorView {
	state := o.Engine.Colors[c]
	v := term.ColorView{Release: state.Release, State: stateOf(o, c), Healthy: !state.Empty(), Services: []term.ServiceView{}}
	if state.Empty() && c != o.Live() {
		return v
	}
	for _, s := range o.ShapeIn(c).Services {
		sv := term.ServiceView{Name: s.Name, Wanted: s.Replicas}
		for _, have := range state.Containers {
			if have.Service != s.Name {
				continue
			}
			count(&sv, have)
			if have.Running && !have.Addr.IsValid() && o.App.Addresses != release.AddressesPorts {
				sv.Note = "not in network " + release.NetworkName(o.App.Name)
			}
		}
		v.Healthy = v.Healthy && sv.Running == sv.Wanted && sv.Note == ""
		v.Services = append(v.Services, sv)
	}
	return v
}

func stateOf(o release.Observed, c release.Color) string {
	state := o.Engine.Colors[c]
	switch {
	case c == o.Live():
		return "live"
	case state.Empty():
		return "empty"
	case !state.Running():
		return "stopped"
	case o.Unended != nil && o.Unended.Release == state.Release:
		return "starting"
	}
	return "standby"
}

// count adds a container to its service, with what is wrong with it.
func count(v *term.ServiceView, c release.Container) {
	switch {
	case c.Running && c.Health == "unhealthy":
		v.Running++
		v.Note = "unhealthy"
	case c.Running:
		v.Running++
	case c.OOM:
		v.Note = "killed for memory"
	case c.Status == "exited" && c.ExitCode != 0:
		v.Note = fmt.Sprintf("exited %d", c.ExitCode)
	}
}

func sharedOf(containers []release.Container) []term.ServiceView {
	var views []term.ServiceView
	at := map[string]int{}
	for _, c := range containers {
		i, ok := at[c.Service]
		if !ok {
			i = len(views)
			at[c.Service] = i
			views = append(views, term.ServiceView{Name: c.Service})
		}
		views[i].Wanted++
		count(&views[i], c)
	}
	return views
}

func deployOf(d *release.Deploy, running bool) *term.DeployView {
	if d == nil {
		return nil
	}
	return &term.DeployView{Kind: d.Kind, Release: d.Release, By: d.By, PID: d.PID, Started: d.Started, Step: d.Step, Running: running}
}

// standalone is the nginx that teal can start.
var standalone = release.Proxy{Kind: release.ProxyStandalone}

func proxyOf(p release.ProxyState, r release.Routing) term.ProxyView {
	v := term.ProxyView{Name: p.Name, Version: p.Version, Running: p.Running, Current: p.Current()}
	switch {
	case !p.Running && p.Name == standalone.Name():
		v.Note = "teal proxy up starts it"
	case !p.Running: // the line says so
	case p.Broken != "":
		v.Note = "its config is broken; a reload would be refused"
	case p.Generation == "":
		v.Note = "does not know the app"
	case r.Known && p.Table != r.OnDisk.Name():
		v.Current, v.Note = false, fmt.Sprintf("sees table %q, not %s", p.Table, r.OnDisk.Name())
	case !p.Current():
		v.Note = "runs another config than the wanted one; teal deploy brings it"
	}
	return v
}
