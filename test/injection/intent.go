// Package injection checks that no text of a teal.yaml means anything to nginx
// but what its key says. What teal renders is read back by the tokenizer of
// another room, and the tree that it sees must be the tree that is meant.
//
// The tree that is meant comes from the same app with a plain word in the place
// of each text that a person wrote: rendered, read back, and the words changed
// back. A text that ended a word, a line or a block, opened one, or became a
// variable or a comment makes two different trees of the two.
package injection

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"teal/internal/nginx/conf"
	"teal/internal/nginx/render"
	"teal/internal/plan"
	"teal/internal/release"
)

// words are plain words and what they stand for.
type words struct {
	said map[string]string // text → its word
	list [][2]string       // word, text
}

// plain is the word for a text: one and the same for equal texts. form has %d
// where the number goes that makes it unlike any other.
func (w *words) plain(form, text string) string {
	if w.said == nil {
		w.said = map[string]string{}
	}
	key := form + "\x00" + text
	if word, ok := w.said[key]; ok {
		return word
	}
	word := fmt.Sprintf(form, 1000+len(w.list))
	w.said[key] = word
	w.list = append(w.list, [2]string{word, text})
	return word
}

// back puts the texts in again. Paths stand in the pattern of a rewrite too,
// and there with what means something to it escaped.
func (w *words) back(directive, text string) string {
	for _, pair := range w.list {
		with := pair[1]
		if directive == "rewrite" {
			with = regexp.QuoteMeta(with)
		}
		text = strings.ReplaceAll(text, pair[0], with)
	}
	return text
}

// neutral is the app with plain words for all that reaches nginx's config as
// text. Numbers, sizes, times, addresses and choices are of types that hold
// nothing else.
func (w *words) neutral(app release.App) release.App {
	app.Services = slices.Clone(app.Services)
	names := map[string]string{}
	for i := range app.Services {
		s := &app.Services[i]
		names[s.Name] = w.plain("zs%d", s.Name)
		s.Name = names[s.Name]
	}
	app.Site.Hosts = w.hosts(app.Site.Hosts)
	app.Routes = slices.Clone(app.Routes)
	for i := range app.Routes {
		w.route(&app.Routes[i], names)
	}
	app.Site.AccessLog.Path = w.file(app.Site.AccessLog.Path)
	app.Site.ErrorPages = maps.Clone(app.Site.ErrorPages)
	for status, file := range app.Site.ErrorPages {
		app.Site.ErrorPages[status] = w.file(file)
	}
	if t := app.Site.TLS; t != nil {
		c := *t
		c.Cert, c.Key, c.ACME = w.file(t.Cert), w.file(t.Key), w.file(t.ACME)
		app.Site.TLS = &c
	}
	if a := app.Site.Adopted; a != nil {
		c := release.Adopted{First: a.First, Before: map[string]string{}}
		for service, name := range a.Before {
			c.Before[names[service]] = w.upstream(name)
		}
		app.Site.Adopted = &c
	}
	return app
}

func (w *words) hosts(hosts []string) (plain []string) {
	for _, h := range hosts {
		plain = append(plain, w.plain("zh%d", h))
	}
	return plain
}

func (w *words) route(r *release.Route, names map[string]string) {
	if r.To != "" {
		r.To = names[r.To]
	}
	r.Files = w.file(r.Files)
	if inner := strings.Trim(r.Path, "/"); inner != "" { // the longest come first: as long as before, and then some
		r.Path = strings.Replace(r.Path, inner, w.plain("zp%d"+strings.Repeat("x", len(inner)), inner), 1)
	}
	headers := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(r.Options.Headers)) { // they are rendered in this order
		headers[w.plain("Zn%d", name)] = w.plain("zv%d", r.Options.Headers[name])
	}
	if r.Options.Headers != nil {
		r.Options.Headers = headers
	}
}

// file keeps the ending, by which nginx is told the type of a page.
func (w *words) file(name string) string {
	if name == "" {
		return ""
	}
	ending := path.Ext(name)
	return w.plain("/zf%d", strings.TrimSuffix(name, ending)) + ending
}

// upstream keeps addresses: they are parsed ones.
func (w *words) upstream(name string) string {
	if strings.Contains(name, ":") {
		return name
	}
	return w.plain("zu%d", name)
}

// node is a directive as nginx sees it.
type node struct {
	Words []string
	Block []node
}

// tree renders the app and reads it back. changed turns a word of a directive
// into what it stands for.
func tree(app release.App, changed func(directive, word string) string) (map[string][]node, error) {
	net, err := plan.Network(release.Network{}, release.Engine{}, app)
	if err != nil {
		return nil, err
	}
	out, err := render.Site(input(app, net))
	if err != nil {
		return nil, err
	}
	trees := map[string][]node{}
	for name, text := range map[string][]byte{"site": out.Text, "server": out.Server, "beside": out.Beside} {
		// The generation is a hash of the text, so it differs where a text does.
		text = []byte(strings.ReplaceAll(string(text), out.Generation, "generation"))
		file, err := conf.Parse(name, text)
		if err != nil {
			return nil, fmt.Errorf("nginx could not read %s: %w\n%s", name, err, text)
		}
		trees[name] = seen(file.Top, changed)
	}
	return trees, nil
}

func input(app release.App, net release.Network) render.Input {
	in := render.Input{
		App: app, Network: net, Place: "host", Version: render.ParseVersion("1.22.1"), Listen: app.Site.Listen,
		Root: "/var/lib/teal", Token: strings.Repeat("0123456789abcdef", 2), Trusted: app.Site.TrustedProxies, ColorHeader: true,
	}
	if t := app.Site.TLS; t != nil {
		in.TLS = &render.TLS{Listen: t.Listen, Cert: t.Cert, Key: t.Key, Sum: "sum", HTTP2: t.HTTP2, Redirect: t.Redirect, ACME: t.ACME}
	}
	return in
}

func seen(list []*conf.Directive, changed func(directive, word string) string) (nodes []node) {
	for _, d := range list {
		n := node{Block: seen(d.Block, changed)}
		for _, word := range d.Values() {
			n.Words = append(n.Words, changed(d.Name, word))
		}
		nodes = append(nodes, n)
	}
	return nodes
}
