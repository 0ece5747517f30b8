package nginx

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"teal/internal/release"
)

// Router is the chain of nginx servers in front of apps. One Router may serve
// several apps, and several processes may use one state root: what changes
// nginx is serialized by a lock of the kernel's.
type Router struct {
	layout
	containers Containers   // nil where no proxy may be in a container
	warm       *http.Client // keeps its connection: cheap questions about the table
	mu         sync.Mutex
	built      map[string]program      // by path, or container and path: what nginx -V says
	told       map[string]netip.Prefix // by app: the subnet that an observation was asked with
}

// New returns the Router of the state root, an absolute path, which is made
// if it isn't there.
func New(root string) (*Router, error) {
	if !filepath.IsAbs(root) {
		return nil, fmt.Errorf("the state root %q is not an absolute path", root)
	}
	err := rooted(root)
	if errors.Is(err, fs.ErrPermission) {
		return nil, &release.Error{
			Code: release.Unreachable, What: "you may not make or open the state root " + root, State: "nothing was changed",
			Next: "run teal as root (sudo), or set TEAL_STATE_DIR", Err: err,
		}
	}
	if err != nil {
		return nil, fmt.Errorf("make the state root: %w", err)
	}
	return &Router{
		layout: layout{filepath.Clean(root)},
		warm:   client(false),
		built:  map[string]program{},
		told:   map[string]netip.Prefix{},
	}, nil
}

// Use makes the Router find proxies in containers of this engine.
func (r *Router) Use(c Containers) { r.containers = c }

// Close gives the kept connection up.
func (r *Router) Close() { r.warm.CloseIdleConnections() }

// exclusive takes the lock under which an nginx's files and processes are
// changed. Apps share an nginx, so one app's deploy must not test or reload
// while another's files are half way.
func (r *Router) exclusive(ctx context.Context) (unlock func(), err error) {
	if uid, foreign := foreigner(r.root); foreign {
		return nil, notOurs(r.root, uid)
	}
	lock := flock.New(r.lock(), flock.SetFlag(os.O_CREATE|os.O_RDWR|noFollow), flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, 20*time.Millisecond); err != nil {
		return nil, fmt.Errorf("wait for another teal that changes nginx: %w", err)
	}
	stale, err := filepath.Glob(r.closing("*"))
	for _, flag := range stale { // nobody else reloads now: a killed teal left it
		err = errors.Join(err, lower(flag))
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return func() { _ = lock.Close() }, nil
}
