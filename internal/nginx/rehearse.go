package nginx

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"teal/internal/nginx/conf"
	"teal/internal/nginx/render"
	"teal/internal/release"
)

// rehearsal is what a configuration is tried with before nginx's own files
// change: a copy of the main file that includes the app's new configuration
// in the place of the present one. If teal is killed meanwhile, nothing that
// nginx would read has changed.
type rehearsal struct {
	staged string // the app's new configuration
	main   string // the copy of the main file, beside it, as relative paths start there; "" where that isn't known
}

func (r *Router) rehearsalOf(s server, app string) rehearsal {
	h := rehearsal{staged: r.conf(app, s.place) + ".next"}
	if s.main != "" { // else it is in a container that doesn't run
		h.main = filepath.Join(filepath.Dir(s.main), ".teal-"+app+".next")
	}
	return h
}

// rehearse tests the configuration aside. It returns the refusal if nginx
// finds fault with the app's part. In doubt it has nothing to say: then the
// test in place decides, and what it refuses is taken back.
func (r *Router) rehearse(ctx context.Context, s server, app release.App, out render.Output) error {
	h := r.rehearsalOf(s, app.Name)
	target := s.guest
	if target == "" {
		target = r.conf(app.Name, s.place)
	}
	text, ok := s.copyOf(target, h.staged)
	if !ok || s.files.write(h.main, text) != nil { // the main file's folder may be read-only
		return nil
	}
	defer h.clean(s)
	says, passes, err := s.try(ctx, h, out.Text)
	if err != nil {
		return err
	}
	if !passes {
		ours, err := s.blames(ctx, h, says)
		if err != nil || !ours {
			return err
		}
	}
	for i := range says {
		says[i] = strings.NewReplacer(h.staged, r.conf(app.Name, s.place), h.main, s.main).Replace(says[i])
	}
	return s.verdict(says, passes, app)
}

// try tests the copy with that text as the app's configuration.
func (s server) try(ctx context.Context, h rehearsal, text []byte) (says []string, passes bool, err error) {
	if err := (file{h.staged, text, 0o600}).write(); err != nil {
		return nil, false, fmt.Errorf("write the app's nginx configuration: %w", err)
	}
	return s.testWith(ctx, h.main)
}

// blames reports whether it is the app's configuration that doesn't pass. Not
// each complaint names the file; then nginx is asked about the copy with
// nothing of the app in it.
func (s server) blames(ctx context.Context, h rehearsal, says []string) (bool, error) {
	if mentions(says, h.staged) {
		return true, nil
	}
	_, passes, err := s.try(ctx, h, []byte("# nothing\n"))
	return passes, err
}

// clean removes both files. One that can't be removed is in nobody's way.
func (h rehearsal) clean(s server) {
	_ = lift(h.staged)
	if h.main != "" {
		_ = s.files.remove(h.main)
	}
}

// copyOf is the main file with the files that its include of target would find
// written out, target itself replaced. It says no where it can't be sure: the
// include may stand in another file, or a name may mean something to nginx.
func (s server) copyOf(target, staged string) ([]byte, bool) {
	raw, err := s.files.read(s.main)
	if err != nil {
		return nil, false
	}
	main, err := conf.Parse(s.main, raw)
	if err != nil {
		return nil, false
	}
	var out strings.Builder
	done, last := false, 0
	for _, d := range includesIn(main.Top) {
		pattern := under(filepath.Dir(s.main), d.Arg(0))
		if ok, _ := filepath.Match(pattern, target); !ok {
			continue
		}
		instead, ok := s.includes(pattern, target, staged, !done)
		if !ok {
			return nil, false
		}
		out.WriteString(main.Src[last:d.Start] + instead)
		done, last = true, d.End
	}
	out.WriteString(main.Src[last:])
	return []byte(out.String()), done
}

// includesIn are the include directives among these and in their blocks, in
// their order.
func includesIn(of []*conf.Directive) []*conf.Directive {
	var list []*conf.Directive
	for _, d := range of {
		if d.Name == "include" && len(d.Words) == 2 && !d.HasBlock() {
			list = append(list, d)
		}
		list = append(list, includesIn(d.Block)...)
	}
	return list
}

// includes are the directives that include what the pattern finds, but for
// the target.
func (s server) includes(pattern, target, staged string, first bool) (string, bool) {
	var b strings.Builder
	for _, path := range s.files.glob(pattern) {
		if strings.ContainsAny(path, `*?[]"'\$;{} `+"\t\r\n") {
			return "", false
		}
		if path != target {
			fmt.Fprintf(&b, "include %s;\n", path)
		}
	}
	if first {
		fmt.Fprintf(&b, "include %s;", staged)
	}
	return b.String(), true
}
