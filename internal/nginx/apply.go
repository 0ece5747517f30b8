package nginx

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"teal/internal/nginx/render"
	"teal/internal/release"
)

// Apply writes the app's configuration into each proxy, tests it, reloads and
// waits until the proxy answers the new generation at every address and host
// of the site. A proxy that does already is left alone. On failure all files,
// and what the proxies run, are as they were.
//
// The innermost comes first: clients meet the outermost, which should never be
// ahead of what stands behind it.
func (r *Router) Apply(ctx context.Context, app release.App, net release.Network) error {
	unlock, err := r.exclusive(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	fresh := !remains(r.token(app.Name))
	var done []*change
	for _, p := range slices.Backward(app.Proxies) {
		c, err := r.apply(ctx, app, net, p)
		if c != nil {
			done = append(done, c)
		}
		if err != nil {
			return errors.Join(err, r.undo(ctx, app, done, fresh))
		}
	}
	_ = r.guard(app.Name) // see there
	return nil
}

// change is what was done to one proxy.
type change struct {
	server   server
	before   routed   // the app as it was, without a generation if it is new
	served   []routed // all apps of the proxy as they were
	files    []file   // as they were
	reloaded bool
}

func (r *Router) apply(ctx context.Context, app release.App, net release.Network, p release.Proxy) (*change, error) {
	s, m, err := r.ready(ctx, app, p)
	if err != nil {
		return nil, err
	}
	token, err := r.makeToken(app.Name)
	if err != nil {
		return nil, err
	}
	out, err := r.render(s, app, net, token)
	if err != nil {
		return nil, err
	}
	qs, err := r.everyQuestion(s, app)
	if err != nil {
		return nil, err
	}
	// Asked only of a proxy that has the files: another site would write the
	// token into its log.
	if r.written(s, app.Name, out) && serves(ctx, qs, out.Generation) == nil {
		return nil, nil
	}
	return r.install(ctx, s, m, app, out, qs)
}

// ready makes all that the app's configuration speaks of, and returns the
// nginx that may be changed.
func (r *Router) ready(ctx context.Context, app release.App, p release.Proxy) (server, master, error) {
	s, err := r.server(ctx, app, p)
	if err != nil {
		return server{}, 0, err
	}
	m, ok := s.running()
	if !ok {
		return server{}, 0, s.down()
	}
	if err := errors.Join(s.mayChange(), r.fits(s, app)); err != nil {
		return server{}, 0, err
	}
	if err := errors.Join(r.mainstay(s), r.prepare(app.Name)); err != nil {
		return server{}, 0, err
	}
	if err := r.certify(app, p); err != nil {
		return server{}, 0, err
	}
	return s, m, r.admit(ctx, &s, app)
}

// install changes the proxy. The change it returns is to be undone where it
// also returns an error.
func (r *Router) install(ctx context.Context, s server, m master, app release.App, out render.Output, qs []question) (*change, error) {
	says, passes, err := s.test(ctx)
	if err != nil {
		return nil, err
	}
	if !passes && !r.concerns(says, s, app.Name) {
		return nil, s.broken(says)
	}
	// What includes an adopted site's files can't be copied: its test is the
	// one in place.
	if app.Site.Adopted == nil {
		if err := r.rehearse(ctx, s, app, out); err != nil {
			return nil, err
		}
	}
	c, err := r.change(s, app.Name, out)
	if err != nil {
		return nil, err
	}
	if err := write(r.files(s, app.Name, out)); err != nil {
		return c, fmt.Errorf("write the app's nginx configuration: %w", err)
	}
	if says, passes, err = s.test(ctx); err != nil {
		return c, err
	}
	if err := s.verdict(says, passes, app); err != nil {
		return c, err
	}
	c.reloaded = true
	return c, r.gently(ctx, s, m, c.served, func(ctx context.Context) error { return serves(ctx, qs, out.Generation) })
}

// change remembers how things are before the files are written or removed.
func (r *Router) change(s server, app string, out render.Output) (*change, error) {
	before, _, err := r.read(app, s.place)
	if err != nil {
		return nil, err
	}
	served, err := r.routed(s.place)
	if err != nil {
		return nil, err
	}
	return &change{server: s, before: before, served: served, files: remember(r.files(s, app, out))}, nil
}

// verdict judges what nginx -t says of our configuration. A warning that
// another server has our host already is an error: nginx would take the
// configuration and give the requests to the other.
func (s server) verdict(says []string, passes bool, app release.App) error {
	if m := twiceForm.FindStringSubmatch(strings.Join(says, "\n")); !passes && m != nil {
		return &release.Error{
			Code: release.Invalid, What: fmt.Sprintf("another site of the %s already is the default server of %s, or has options for it", s.name, m[1]),
			Detail: says, Next: "name the app's hosts in site.hosts, or choose another listen in teal.yaml", Err: errBroken,
		}
	}
	if m := doubleForm.FindStringSubmatch(strings.Join(says, "\n")); !passes && m != nil && app.Site.Adopted != nil {
		return &release.Error{
			Code: release.Invalid, What: fmt.Sprintf("a server block that includes teal's file says %s itself, which has to be off there for the switch to be seen", m[1]),
			Detail: says, Next: "take it out of the server block, or move it into the locations that want it", Err: errBroken,
		}
	}
	if !passes {
		return &release.Error{
			Code: release.Unreachable, What: "the " + s.name + " refuses the app's configuration",
			Detail: says, Next: unbound(says, "change in teal.yaml what nginx names"), Err: errBroken,
		}
	}
	if app.Site.Adopted != nil {
		return nil // the server blocks are not ours: who has a host is their owner's matter
	}
	for _, host := range app.Site.Hosts {
		if mentions(says, fmt.Sprintf("conflicting server name %q", host)) {
			return &release.Error{
				Code: release.Invalid, What: fmt.Sprintf("another site of the %s already has the host %s", s.name, host),
				Detail: says, Next: "take the host out of the other site, or out of site.hosts",
			}
		}
	}
	return nil
}

// twiceForm is what nginx says of an address for which two sites want
// something that only one can have.
var twiceForm = regexp.MustCompile(`duplicate (?:default server|listen options) for (\S+)`)

// doubleForm is what nginx says where a server block has a directive that the
// file for an adopted site brings too.
var doubleForm = regexp.MustCompile(`"(open_file_cache|disable_symlinks)" directive is duplicate`)

func mentions(says []string, text string) bool {
	return strings.Contains(strings.Join(says, "\n"), text)
}

// prepare makes the folders the app's configuration speaks of.
func (r *Router) prepare(app string) error {
	for _, dir := range []string{r.app(app), r.flags(), r.lives(), r.tables()} {
		if err := folder(dir); err != nil {
			return fmt.Errorf("make the app's folders: %w", err)
		}
	}
	// Built in advance, so that a shift needs to build nothing.
	for _, c := range release.Colors {
		if err := r.build(release.TableFor(c)); err != nil {
			return fmt.Errorf("build table %s: %w", c, err)
		}
	}
	return nil
}

// makeToken makes the secret part of the app's control path, once. 128 random
// bits: nobody guesses it, and the files that have it in them are ours alone.
func (r *Router) makeToken(app string) (string, error) {
	token, err := r.readToken(app)
	if err != nil || token != noToken {
		return token, err
	}
	raw := make([]byte, 16)
	if _, err := rand.Read(raw); err != nil {
		return "", fmt.Errorf("make the control token: %w", err)
	}
	token = hex.EncodeToString(raw)
	return token, write([]file{{r.token(app), []byte(token + "\n"), 0o600}})
}

// everyQuestion asks for each host at each address of the site.
func (r *Router) everyQuestion(s server, app release.App) ([]question, error) {
	hosts, at := app.Site.Hosts, listenings(app, s.proxy)
	if len(hosts) == 0 {
		return r.questions(s, app.Name, at, nil)
	}
	var list []question
	for _, h := range hosts {
		qs, err := r.questions(s, app.Name, at, []string{h})
		if err != nil {
			return nil, err
		}
		list = append(list, qs...)
	}
	return list, nil
}

// undo puts everything back, the last first, and leaves nothing behind of an
// app that was new. It works also when the deploy was interrupted.
func (r *Router) undo(ctx context.Context, app release.App, done []*change, fresh bool) error {
	ctx = context.WithoutCancel(ctx)
	var errs []error
	for i := len(done) - 1; i >= 0; i-- {
		errs = append(errs, r.undoOne(ctx, app.Name, done[i]))
	}
	if fresh {
		errs = append(errs, r.clearFolder(app), lower(r.watch(app.Name)))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("put nginx's configuration back: %w", err)
	}
	return nil
}

func (r *Router) undoOne(ctx context.Context, app string, c *change) error {
	if err := write(c.files); err != nil || !c.reloaded {
		return err
	}
	m, ok := c.server.running()
	if !ok {
		return nil
	}
	return r.gently(ctx, c.server, m, c.served, func(ctx context.Context) error { return r.serveBefore(ctx, c) })
}

// serveBefore asks for the generation that was; of an app that was new there
// is none.
func (r *Router) serveBefore(ctx context.Context, c *change) error {
	if c.before.generation == "" {
		return nil
	}
	qs, err := r.questions(c.server, c.before.app, c.before.listen, c.before.hosts)
	if err != nil {
		return err
	}
	return serves(ctx, qs, c.before.generation)
}
