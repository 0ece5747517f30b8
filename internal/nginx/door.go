package nginx

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"slices"
	"time"

	"teal/internal/release"
)

// An upload that began before the switch goes to the old color when its body
// is complete, maybe just as that is told to stop: the kernel takes the
// connection, the application no longer does, and nginx may not send a POST
// again. So the door is shut before: this machine's programs get no connection
// to the color's ports any more, nginx then goes to the other color at once, and
// what had come in before is waited for. It is a rule of the kernel's routing
// (ip-rule(8)) for packets of this machine alone, to one address and port:
// what the application itself asks of others goes on.
//
// A killed teal leaves rules behind. They are leftovers, which the next command
// takes away first; a reboot forgets them. They take root's rights and an nginx
// of this machine's own network, so callers go on without.

// How long what came in before the door was shut is waited for at least, and
// how often it is looked for.
const (
	shutFor   = 5 * time.Second
	shutEvery = 20 * time.Millisecond
)

// Shut keeps new connections from the color, whose drain is done, until Reopen.
// What had come in since the drain's last look is waited for, for as long as a
// drain may take. Meanwhile the door is shut unless that has work to go on with:
// if it stood open, late uploads could come one after the other, each on a
// connection that nginx then keeps for a second. Where connections go on longer
// it stays open.
func (r *Router) Shut(ctx context.Context, app release.App, net release.Network, color release.Color) error {
	doors := r.doors(app, net, color)
	if len(doors) == 0 {
		return nil
	}
	masters, err := r.masters(ctx, app)
	if err != nil {
		return err
	}
	d := newDrain(masters, app, net, color)
	d.begun = true
	ctx, cancel := context.WithTimeout(ctx, max(shutFor, app.Policy.Drain.Timeout))
	defer cancel()
	closed := false
	ended := poll(ctx, shutEvery, func() bool {
		closed, err = d.behind(doors, closed)
		return err != nil || closed && len(d.open) == 0
	})
	if ended != nil || err != nil {
		err = errors.Join(err, reopenAll(doors))
	}
	if errors.Is(err, fs.ErrPermission) {
		return nil // without root's rights it can't be done
	}
	return err
}

// behind shuts the doors if nothing that leads to the color has work to go on
// with, and opens them if something has. It has looked since they are as it says.
func (d *drain) behind(doors []netip.AddrPort, closed bool) (bool, error) {
	if err := d.look(); err != nil {
		return closed, err
	}
	if d.working(time.Now()) {
		return false, reopenAll(doors) // it must not be cut
	}
	if closed {
		return true, nil
	}
	if err := shutAll(doors); err != nil {
		return false, err
	}
	return d.behind(doors, true)
}

// working reports whether a connection to the color has work to go on with as
// far as can be seen: it is being made, has something to send, or was there
// longer than nginx keeps an idle one. An answer comes in through a shut door;
// what acknowledges it goes out when that opens.
func (d *drain) working(now time.Time) bool {
	since := map[uint64]time.Time{}
	work := d.sending
	for inode := range d.open {
		first, known := d.since[inode]
		if !known {
			first = now
		}
		since[inode] = first
		work = work || now.Sub(first) > idle
	}
	d.since = since
	return work
}

// doors are the color's addresses and ports, as far as nginx connects to them
// from this machine: not from a container, and not through published ports.
func (r *Router) doors(app release.App, net release.Network, color release.Color) []netip.AddrPort {
	inside := slices.ContainsFunc(app.Proxies, func(p release.Proxy) bool { return p.Kind == release.ProxyContainer })
	if inside || app.Addresses == release.AddressesPorts {
		return nil
	}
	var list []netip.AddrPort
	for _, s := range append(app.ShapeIn(color).Services, app.Services...) {
		for replica := 1; replica <= s.Replicas; replica++ {
			at := app.Endpoint(net, release.Slot{Service: s.Name, Color: color, Replica: replica})
			if at.IsValid() && at.Port() != 0 && !slices.Contains(list, at) {
				list = append(list, at)
			}
		}
	}
	return list
}

func shutAll(doors []netip.AddrPort) error {
	for _, d := range doors {
		if err := shut(d); err != nil {
			return errors.Join(fmt.Errorf("keep connections from %s: %w", d, err), reopenAll(doors))
		}
	}
	return nil
}

func reopenAll(doors []netip.AddrPort) error {
	var errs []error
	for _, d := range doors {
		if err := reopen(d); err != nil {
			errs = append(errs, fmt.Errorf("let connections to %s in again: %w", d, err))
		}
	}
	return errors.Join(errs...)
}

// Reopen opens all doors of the app, those that a killed teal has left
// included.
func (r *Router) Reopen(_ context.Context, app release.App, net release.Network) error {
	r.hear(app.Name, net.Subnet)
	doors, err := r.shutDoors(app.Name)
	return errors.Join(err, reopenAll(doors))
}

// shutDoors are those of the app, by its addresses.
func (r *Router) shutDoors(app string) ([]netip.AddrPort, error) {
	all, err := allShut()
	if len(all) == 0 {
		return nil, err // as a rule: the app's configuration need not be read
	}
	subnets := append(r.subnets(app), r.heard(app)...)
	return slices.DeleteFunc(all, func(d netip.AddrPort) bool {
		return !slices.ContainsFunc(subnets, func(p netip.Prefix) bool { return p.Contains(d.Addr()) })
	}), err
}

// leftShut are the app's doors that are shut, in words.
func (r *Router) leftShut(app string) []string {
	doors, _ := r.shutDoors(app) // who may not ask has shut none
	var list []string
	for _, d := range doors {
		list = append(list, "a rule that keeps connections from "+d.String())
	}
	return list
}
