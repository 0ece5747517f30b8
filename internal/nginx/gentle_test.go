package nginx

import (
	"context"
	"testing"

	"teal/internal/nginx/render"
	"teal/internal/release"
)

// asOf is the app as its files in the first proxy would be read again, had
// they been written for an nginx of that version. They are not left there: the
// nginx that runs may know fewer directives.
func (s *stage) asOf(version string) (server, []routed) {
	s.t.Helper()
	in, err := s.r.server(s.ctx, s.app, s.app.Proxies[0])
	s.must(err)
	in.version = version
	out, err := s.r.render(in, s.app, s.net, noToken)
	s.must(err)
	files := s.r.files(in, s.app.Name, out)
	before := remember(files)
	s.must(write(files))
	served, err := s.r.routed(in.place)
	s.must(err)
	s.must(write(before))
	return in, served
}

// flagged reloads gently what has those apps, and reports whether they were
// told to close their connections meanwhile.
func (s *stage) flagged(in server, served []routed) bool {
	s.t.Helper()
	m, ok := in.running()
	if !ok {
		s.t.Fatal("nginx does not run")
	}
	told := false
	s.must(s.r.gently(s.ctx, in, m, served, func(context.Context) error {
		told = remains(render.ClosingFlag(s.r.root, in.place))
		return nil
	}))
	return told
}

func TestAnNginxThatKeepsConnectionsIsReloadedWithoutADrain(t *testing.T) {
	s := open(t)
	for version, keeps := range map[string]bool{"1.27.3": false, "1.27.4": true, "1.29.0": true} {
		in, served := s.asOf(version)
		if len(served) != 1 || served[0].keeps != keeps || served[0].generation == "" {
			t.Fatalf("%s: read back %+v", version, served)
		}
		if flags := s.r.closers(s.ctx, in, served); len(flags) > 0 == keeps {
			t.Errorf("%s: raises %v", version, flags)
		}
		if s.flagged(in, served) == keeps {
			t.Errorf("%s: connections are closed before the reload: %v", version, !keeps)
		}
	}
	s.servedBy(release.Blue)
}

// One app of an nginx that was updated may have files of before.
func TestAnAppWhoseFilesAreOlderThanItsNginxIsDrainedBesideOneThatKeeps(t *testing.T) {
	s := open(t)
	in, kept := s.asOf("1.27.4")
	_, drained := s.asOf("1.22.1")
	if flags := s.r.closers(s.ctx, in, append(kept, drained...)); len(flags) != 1 {
		t.Errorf("raises %v", flags)
	}
}

func TestAnAdoptedSiteOfAnNginxThatKeepsConnectionsAsksForNoDrain(t *testing.T) {
	m := inherit(t, "").start()
	m.must(m.r.Apply(m.ctx, m.app, m.net))
	m.shift(release.Blue)
	for version, keeps := range map[string]bool{"1.27.3": false, "1.27.4": true} {
		in, served := m.asOf(version)
		if len(served) != 1 || !served[0].adopted || served[0].keeps != keeps {
			t.Fatalf("%s: read back %+v", version, served)
		}
		if flags := m.r.closers(m.ctx, in, served); len(flags) > 0 == keeps {
			t.Errorf("%s: raises %v", version, flags)
		}
	}
}
