package nginx

import (
	"context"
	"errors"
	"slices"
	"time"
)

// gentleLimit bounds how long a reload waits for clients' connections.
const gentleLimit = 2 * time.Second

// gently reloads without breaking requests. An exiting worker closes idle
// keep-alive connections at once, and a request that is on its way on one
// gets a reset which no log shows. So first all apps of this nginx close
// their connections in the open, each after an answer ("Connection: close"),
// until those that were there are gone. One on which no request came within
// the limit stays; it breaks only if its next comes at the very moment.
//
// served are the apps this nginx has now. Sites of other people can't be
// asked to close, so a reload of the machine's nginx may cost them a request.
//
// From nginx 1.27.4 on the apps' configuration itself keeps an exiting worker
// from closing them (keepalive_min_timeout), and there is nothing to wait for.
func (r *Router) gently(ctx context.Context, s server, m master, served []routed, seen func(context.Context) error) error {
	flags := r.closers(ctx, s, served)
	if len(flags) == 0 {
		return s.reload(ctx, m, seen)
	}
	for _, flag := range flags {
		if err := raise(flag); err != nil {
			return err
		}
		defer lower(flag)
	}
	r.warm.CloseIdleConnections() // or we wait for ourselves
	if err := emptied(ctx, m, ports(served)); err != nil {
		return err
	}
	err := s.reload(ctx, m, seen)
	for _, flag := range flags {
		err = errors.Join(err, lower(flag))
	}
	return err
}

// closers are the flags at which the apps close their connections. Of an
// adopted one that nginx doesn't know yet, or whose server blocks must not be
// led around, none does.
func (r *Router) closers(ctx context.Context, s server, served []routed) []string {
	var flags []string
	for _, a := range served {
		switch {
		case a.keeps:
		case !a.adopted && !slices.Contains(flags, r.closing(s.place)):
			flags = append(flags, r.closing(s.place))
		case a.adopted && a.leads && r.leads(s, a.app):
			if _, err := r.question(ctx, s, a.app); err == nil {
				flags = append(flags, r.closingOf(s.place, a.app))
			}
		}
	}
	return flags
}

// emptied waits until the clients' connections of now are gone.
func emptied(ctx context.Context, m master, ports map[uint16]bool) error {
	now, err := clients(m, ports)
	if err != nil {
		return err
	}
	wait, cancel := context.WithTimeout(ctx, gentleLimit)
	defer cancel()
	_ = poll(wait, 10*time.Millisecond, func() bool {
		still, err := clients(m, ports)
		return err != nil || !meet(now, still)
	})
	return ctx.Err()
}

// clients are the established connections to our ports, by inode.
func clients(m master, ports map[uint16]bool) (map[uint64]bool, error) {
	list, err := sockets(int(m))
	if err != nil {
		return nil, err
	}
	set := map[uint64]bool{}
	for _, s := range list {
		// Inode 0 is a connection nobody has accepted yet: no worker of
		// before can break it.
		if s.state == stateEstablished && ports[s.local.Port()] && s.inode != 0 {
			set[s.inode] = true
		}
	}
	return set, nil
}

func meet(a, b map[uint64]bool) bool {
	for inode := range a {
		if b[inode] {
			return true
		}
	}
	return false
}
