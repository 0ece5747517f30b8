package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"teal/internal/nginx"
	"teal/internal/release"

	"github.com/spf13/cobra"
)

func (g *globals) proxyCommand() *cobra.Command {
	bin := ""
	c := &cobra.Command{
		Use:   "proxy",
		Short: "drive teal's own nginx (proxy: standalone)",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.PersistentFlags().StringVar(&bin, "nginx", "", "nginx program (default: the one in PATH)")
	c.AddCommand(g.proxyUp(&bin), g.proxyDown(&bin), g.proxyShow(&bin), g.proxyReload(&bin))
	return c
}

func (g *globals) proxyUp(bin *string) *cobra.Command {
	return g.proxyVerb("up", "start teal's own nginx", bin, func(c *cobra.Command, r *nginx.Router) error {
		if err := r.ProxyUp(c.Context(), *bin); err != nil {
			return err
		}
		return g.show(c, r, *bin)
	})
}

func (g *globals) proxyDown(bin *string) *cobra.Command {
	force := false
	c := g.proxyVerb("down", "stop teal's own nginx; refused while it serves apps", bin, func(c *cobra.Command, r *nginx.Router) error {
		if err := r.ProxyDown(c.Context(), *bin, force); err != nil {
			return err
		}
		return g.show(c, r, *bin)
	})
	c.Flags().BoolVar(&force, "force", false, "stop it even though apps are served by it")
	return c
}

func (g *globals) proxyShow(bin *string) *cobra.Command {
	return g.proxyVerb("show", "show teal's own nginx, what it listens on and which apps it serves", bin, func(c *cobra.Command, r *nginx.Router) error {
		return g.show(c, r, *bin)
	})
}

func (g *globals) proxyReload(bin *string) *cobra.Command {
	return g.proxyVerb("reload", "have teal's own nginx read its files again", bin, func(c *cobra.Command, r *nginx.Router) error {
		if err := r.ProxyReload(c.Context(), *bin); err != nil {
			return err
		}
		return g.show(c, r, *bin)
	})
}

func (g *globals) proxyVerb(use, short string, bin *string, do func(*cobra.Command, *nginx.Router) error) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		root, err := g.root()
		if err != nil {
			return err
		}
		r, err := nginx.New(root)
		if err != nil {
			return err
		}
		defer r.Close()
		g.begun = true
		return proxyStated(c, r, *bin, do(c, r))
	}}
}

func (g *globals) show(c *cobra.Command, r *nginx.Router, bin string) error {
	shown, err := r.ProxyShow(c.Context(), bin)
	if err != nil {
		return err
	}
	if g.json {
		return json.NewEncoder(g.env.Out).Encode(shown)
	}
	return printProxy(g.env.Out, shown)
}

func printProxy(w io.Writer, s nginx.Shown) error {
	var b strings.Builder
	if s.Running {
		fmt.Fprintf(&b, "nginx %s runs: pid %d, %s on %s\n", s.Version, s.PID, plural(s.Workers, "worker"), strings.Join(s.Listen, ", "))
	} else {
		fmt.Fprintf(&b, "nginx %s does not run\n", s.Version)
	}
	fmt.Fprintf(&b, "config  %s\nlog     %s\n", s.Config, s.Log)
	for _, a := range s.Apps {
		b.WriteString(appLine(a))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func appLine(a nginx.ShownApp) string {
	hosts := strings.Join(a.Hosts, ", ")
	if hosts == "" {
		hosts = "any host"
	}
	line := fmt.Sprintf("app     %s: %s on %s", a.Name, hosts, strings.Join(a.Listen, ", "))
	switch {
	case a.Generation == "":
		return line + ", not answered for\n"
	case a.Generation != a.Configured:
		return line + fmt.Sprintf(", answers generation %s, not the %s on disk\n", a.Generation, a.Configured)
	case a.Table == "":
		return line + ", no table yet\n"
	}
	table, err := release.ParseTable(a.Table)
	if err != nil {
		return line + ", answers an unknown table\n"
	}
	return line + fmt.Sprintf(", blue %d %%, green %d %%\n", table.Share(release.Blue), table.Share(release.Green))
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
