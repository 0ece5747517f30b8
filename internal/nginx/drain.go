package nginx

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"time"

	"teal/internal/release"
)

// How soon a drain looks for the second time, how often after that, and how
// often it says what it sees. A look takes a processor for which requests wait,
// for milliseconds if nginx is in a container (socketTable), and nginx holds
// what is idle for a second anyway.
const (
	drainFirst = 500 * time.Millisecond
	drainEvery = 100 * time.Millisecond
	drainSays  = time.Second
)

// Drain waits until no connection leads from a proxy to the color. Plain
// requests are waited for until limits.Timeout; while streams (WebSockets,
// event streams) are among what remains, until limits.Streams.
//
// What counts are established sockets of nginx's workers. nginx itself lets
// go of those it keeps for later requests after a second (keepalive_timeout
// in shared.tmpl), so what remains after that is work. A stream's socket is known by its
// keep-alive timer, which only the locations for streams switch on.
//
// What nginx was about to connect to when the drain began is waited for too: a
// request whose server does not answer (tables removed by hand led there, say)
// comes to this color when nginx has given up, which takes it
// proxy_connect_timeout.
//
// Began counts all connections of the beginning, idle ones included.
func (r *Router) Drain(ctx context.Context, app release.App, net release.Network, color release.Color, limits release.DrainLimits, say func(release.EventType, string)) (release.Drained, error) {
	masters, err := r.masters(ctx, app)
	if err != nil {
		return release.Drained{}, err
	}
	d := newDrain(masters, app, net, color)
	d.say = say
	if err := d.look(); err != nil {
		return release.Drained{}, err
	}
	began := len(d.open)
	err = d.wait(ctx, limits)
	return release.Drained{Color: color, Took: time.Since(d.started), Began: began, Cut: len(d.open)}, err
}

func (r *Router) masters(ctx context.Context, app release.App) ([]master, error) {
	var list []master
	for _, p := range app.Proxies {
		s, err := r.server(ctx, app, p)
		if err != nil {
			return nil, err
		}
		if m, ok := s.running(); ok {
			list = append(list, m)
		}
	}
	return list, nil
}

// drain is one drain under way.
type drain struct {
	ends    ends
	color   release.Color
	users   map[master]map[int]bool // whom each nginx's workers run as
	open    map[uint64]bool         // sockets that lead to the color, by inode
	trying  map[uint64]bool         // sockets of the first look that are not connected yet
	tried   bool                    // the look before saw such
	streams map[uint64]bool         // sockets ever seen with the keep-alive timer
	begun   bool                    // those that are being made count too
	sending bool                    // one of the open ones is being made, or has sent what has not arrived
	since   map[uint64]time.Time    // when working first saw each
	started time.Time
	said    time.Time
	say     func(release.EventType, string)
}

func newDrain(masters []master, app release.App, net release.Network, color release.Color) *drain {
	d := &drain{ends: endsOf(app, net), color: color, users: map[master]map[int]bool{}, streams: map[uint64]bool{}, started: time.Now()}
	for _, m := range masters {
		d.users[m] = owners(m)
	}
	return d
}

func (d *drain) wait(ctx context.Context, limits release.DrainLimits) error {
	for pause := drainFirst; len(d.open) > 0 || d.tried; pause = drainEvery {
		left := d.left(limits)
		if left <= 0 {
			return nil
		}
		d.progress()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(pause, left)):
		}
		if err := d.look(); err != nil {
			return err
		}
	}
	return nil
}

// idle is how long a connection of plain requests is still open when its work
// is done, and what nginx's timer may be late.
const idle = 1200 * time.Millisecond

// left is how long what remains may go on. What has ended by the limit nginx may
// not have let go of yet: it isn't cut and must not count as such, so
// connections of plain requests are looked at for that much longer, unless the
// limit is zero, which waits for nobody.
func (d *drain) left(limits release.DrainLimits) time.Duration {
	plain, streams := d.count()
	limit := limits.Timeout
	if streams > 0 {
		limit = max(limit, limits.Streams)
	}
	if plain > 0 && limits.Timeout > 0 {
		limit += idle
	}
	return limit - time.Since(d.started)
}

// count splits the open sockets. A timer of the kernel's for unanswered data
// hides the keep-alive timer for a while, so once a stream, always a stream.
func (d *drain) count() (plain, streams int) {
	for inode := range d.open {
		if d.streams[inode] {
			streams++
		}
	}
	return len(d.open) - streams, streams
}

// look counts what there is now. An attempt that has ended since the last look
// may have become a connection to the color behind the reader's back: there is
// one more look after it.
func (d *drain) look() error {
	before, first := d.trying, d.trying == nil
	d.open, d.trying, d.sending = map[uint64]bool{}, map[uint64]bool{}, false
	for m := range d.users {
		if err := d.lookAt(m); err != nil {
			return err
		}
	}
	maps.DeleteFunc(d.trying, func(inode uint64, _ bool) bool { return !first && !before[inode] })
	d.tried = len(before) > 0 || len(d.trying) > 0
	return nil
}

// lookAt counts sockets that belong to the workers' user: others on this
// machine, our own health checks say, may talk to the addresses too. Colors have
// addresses of IPv4, and nginx connects to these by sockets of IPv4.
func (d *drain) lookAt(m master) error {
	list, err := ipv4.sockets(int(m))
	if errors.Is(err, fs.ErrNotExist) || !m.alive() {
		return nil // an nginx that is gone has no connections
	}
	if err != nil {
		return err
	}
	for _, s := range list {
		at := d.ends.color(s.remote)
		if at == release.None || !d.users[m][s.user] {
			continue
		}
		if s.state == stateConnecting {
			d.trying[s.inode] = true
		}
		if at != d.color || s.state != stateEstablished && !(d.begun && s.state == stateConnecting) {
			continue
		}
		d.open[s.inode] = true
		d.sending = d.sending || s.unsent || s.state == stateConnecting
		if s.probed {
			d.streams[s.inode] = true
		}
	}
	return nil
}

func owners(m master) map[int]bool {
	set := map[int]bool{}
	for _, pid := range m.workers() {
		set[user(pid)] = true
	}
	return set
}

func (d *drain) progress() {
	if d.say == nil || time.Since(d.said) < drainSays {
		return
	}
	d.said = time.Now()
	plain, streams := d.count()
	d.say(release.EventProgress, fmt.Sprintf("still open: %s, %s", plural(plain, "request"), plural(streams, "stream")))
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
