package nginx

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"teal/internal/release"
)

// reload makes a running nginx take up its files and returns when it has: no
// worker of before takes connections any more, and whether the questions are
// answered as wanted is seen for itself. That nginx -s reload succeeds says
// nothing: with a port it can't get, nginx keeps the old configuration.
func (s server) reload(ctx context.Context, m master, seen func(context.Context) error) error {
	old := slices.DeleteFunc(m.workers(), func(pid int) bool { return !accepts(pid) })
	log := s.complaints(ctx, m)
	if err := s.hangup(ctx, m); err != nil {
		return err
	}
	wait, cancel := context.WithTimeout(ctx, reloadLimit)
	defer cancel()
	var last error
	var refused []string
	err := poll(wait, 3*time.Millisecond, func() bool {
		if slices.ContainsFunc(old, accepts) {
			refused = log.refusals(wait)
			return len(refused) > 0
		}
		err := seen(wait)
		if wait.Err() == nil { // else it says only that the time is over
			last = err
		}
		return err == nil
	})
	if err == nil && len(refused) == 0 {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return s.kept(refused, last)
}

// kept is the error of an nginx that goes on with its old configuration.
func (s server) kept(refused []string, last error) error {
	refused = s.withHolders(refused)
	e := &release.Error{
		Code: release.Unreachable, What: "the " + s.name + " did not take the new configuration",
		Detail: refused, Next: unbound(refused, "see "+s.log()), Err: last,
	}
	if last != nil && len(refused) == 0 {
		e.What, e.Detail = "the "+s.name+" was reloaded but does not serve the app", []string{last.Error()}
		e.Next = "see that no other server of this nginx, and no other program, answers at this address"
	}
	return e
}

// complaints is the error log of a master from a moment on.
type complaints struct {
	server server
	master master
	mark   int64           // where the file ended
	seen   map[string]bool // what a container had said
	next   time.Time       // when a container is asked again
}

func (s server) complaints(ctx context.Context, m master) *complaints {
	c := &complaints{server: s, master: m, seen: map[string]bool{}}
	if s.box == nil {
		c.mark = size(s.errorLog)
		return c
	}
	for _, line := range s.box.tail(ctx) {
		c.seen[line] = true
	}
	c.next = time.Now().Add(boxSays)
	return c
}

// boxSays is how often a container is asked what it has said.
const boxSays = 200 * time.Millisecond

// refusals are the lines by which the master has said, from the mark on, that
// it gives the reload up. It tries five times to bind, so those lines alone
// don't say so.
func (c *complaints) refusals(ctx context.Context) []string {
	var list []string
	final := false
	for _, line := range c.fresh(ctx) {
		list = append(list, line)
		final = final || !bindForm.MatchString(line)
	}
	if !final {
		return nil
	}
	return slices.Compact(list)
}

// fresh are the master's complaints since the mark. In its container the
// master has another process ID, but there the log is nginx's alone.
func (c *complaints) fresh(ctx context.Context) []string {
	sign, from := fmt.Sprintf("[emerg] %d#", c.master), func() []string { return tail(c.server.errorLog, c.mark) }
	if c.server.box != nil {
		if time.Now().Before(c.next) {
			return nil
		}
		c.next = time.Now().Add(boxSays)
		sign, from = "[emerg]", func() []string { return c.server.box.tail(ctx) }
	}
	return slices.DeleteFunc(from(), func(line string) bool { return c.seen[line] || !strings.Contains(line, sign) })
}

// size is where a log ends now; 0 for what is no file, such as stderr.
func size(log string) int64 {
	info, err := os.Stat(log)
	if err != nil {
		return 0
	}
	return info.Size()
}

// tailLimit bounds how much of a log is looked at.
const tailLimit = 64 << 10

// tail returns the lines of a log from an offset on, of a long log the last.
func tail(log string, from int64) []string {
	file, err := os.Open(log)
	if err != nil {
		return nil
	}
	defer file.Close()
	text, err := io.ReadAll(io.NewSectionReader(file, max(from, size(log)-tailLimit), tailLimit))
	if err != nil {
		return nil
	}
	return lines(text)
}

// ProxyReload makes teal's own nginx read its files again.
func (r *Router) ProxyReload(ctx context.Context, bin string) (err error) {
	defer func() { err = r.rightful("reload", err) }()
	s, err := r.standalone(ctx, release.Proxy{Bin: bin})
	if err != nil {
		return err
	}
	unlock, err := r.exclusive(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	m, ok := s.running()
	if !ok {
		return s.down()
	}
	if err := r.lay(); err != nil {
		return err
	}
	if err := s.sound(ctx); err != nil {
		return err
	}
	apps, err := r.routed(s.place)
	if err != nil {
		return err
	}
	return r.gently(ctx, s, m, apps, func(ctx context.Context) error { return r.allServed(ctx, s, apps) })
}

// allServed asks for every app whether it answers what its file says.
func (r *Router) allServed(ctx context.Context, s server, apps []routed) error {
	for _, a := range apps {
		qs, err := r.questions(s, a.app, a.listen, a.hosts)
		if err != nil {
			return err
		}
		if err := serves(ctx, qs, a.generation); err != nil {
			return err
		}
	}
	return nil
}

// serves asks on new connections whether the generation is served at each
// address.
func serves(ctx context.Context, qs []question, generation string) error {
	c := client(true)
	defer c.CloseIdleConnections()
	for _, q := range qs {
		a, err := ask(ctx, c, q)
		if err != nil {
			return err
		}
		if a.generation != generation {
			return fmt.Errorf("%s answers generation %s, not %s", q.addr, a.generation, generation)
		}
	}
	return nil
}
