package compose

import (
	"bytes"
	"context"
	"maps"
	"reflect"
	"strconv"
	"sync"

	"github.com/compose-spec/compose-go/v2/types"

	"teal/internal/release"
)

// blank stands for the release's number in files that are read before it is
// known. It is written as a number, so that it passes where one must stand,
// and long enough not to be met by accident.
const blank = "918273645546372819"

// numbered puts the release's number where it was left blank.
func numbered(model []byte, number int) []byte {
	return bytes.ReplaceAll(model, []byte(blank), []byte(strconv.Itoa(number)))
}

// taken is all that an app's files, and the environment with them, said at
// one moment: as the shared services read them, and as each replica of each
// color does.
type taken struct {
	shared reading
	loads  map[release.Color][]*types.Project
}

// take reads the colors' side of the files; r is the shared services'.
func take(ctx context.Context, r reading, number string) (taken, error) {
	t := taken{shared: r, loads: map[release.Color][]*types.Project{}}
	for _, color := range release.Colors {
		f := filesOf(r.app, color)
		for replica := 1; replica <= readings(r.app, f); replica++ {
			loaded, err := f.load(ctx, variables{color: color, release: number, replica: replica})
			if err != nil {
				return t, err
			}
			if err := refuse(r.with(color, loaded)); err != nil {
				return t, err
			}
			t.loads[color] = append(t.loads[color], loaded)
		}
	}
	return t, nil
}

// readings is how many ways the replicas read the files.
func readings(app release.App, f files) int {
	most := 1
	if f.mentions("TEAL_REPLICA") {
		for _, s := range app.Services {
			most = max(most, s.Replicas)
		}
	}
	return most
}

// paint renders the color's model. It leaves what was taken as it is.
func (t taken) paint(number int, net release.Network, color release.Color) (*types.Project, error) {
	p := painter{app: t.shared.app, color: color, number: number, net: net, loads: t.loads[color]}
	if hasOwn(p.app) {
		p.others = marksOf(t.shared.shared, t.shared.colors[color.Other()])
	}
	return p.paint()
}

// shelf keeps what was last taken of each app.
type shelf struct {
	mu   sync.Mutex
	apps map[string]taken
}

func (s *shelf) put(app string, t taken) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.apps == nil {
		s.apps = map[string]taken{}
	}
	t.shared.places = maps.Clone(t.shared.places)
	s.apps[app] = t
}

func (s *shelf) drop(app string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.apps, app)
}

// get returns what was taken of the app, as long as it would read the same
// files to the same end. It may know more of its shapes by now.
func (s *shelf) get(app release.App) (taken, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, found := s.apps[app.Name]
	was := t.shared.app
	same := was.Dir == app.Dir && was.Addresses == app.Addresses && reflect.DeepEqual(was.Compose, app.Compose) &&
		reflect.DeepEqual(was.Own, app.Own) && reflect.DeepEqual(was.Services, app.Services)
	if !found || !same {
		return taken{}, false
	}
	t.shared.app = app
	t.shared.places = maps.Clone(t.shared.places)
	return t, true
}

// keep takes the files that r was read from, and puts them on the shelf.
// Files that can't be read without the release's number are left for Prepare,
// which knows it.
func (e *Engine) keep(ctx context.Context, r reading) error {
	e.shelf.drop(r.app.Name)
	var t taken
	_, err := logged().during(func() (err error) {
		t, err = take(ctx, r, blank)
		return err
	})
	if err == nil {
		e.shelf.put(r.app.Name, t)
	}
	return ctx.Err()
}

// taken is what Load has kept of the app, else what its files say now.
func (e *Engine) taken(ctx context.Context, app release.App, number int) (taken, error) {
	if t, kept := e.shelf.get(app); kept {
		return t, nil
	}
	r, err := loadChecked(ctx, app)
	if err != nil {
		return taken{}, err
	}
	return take(ctx, r, strconv.Itoa(number))
}
