package adopt

import (
	"slices"

	"teal/internal/nginx/conf"
	"teal/internal/release"
)

// servers are those that have a bound proxy_pass, in nginx's order.
func (s *site) servers() []*conf.Server {
	var list []*conf.Server
	for _, b := range s.bound {
		list = appendNew(list, b.Server)
	}
	return list
}

// server gives a server block the line by which it knows the app's variables,
// and keeps what that line would end.
func (s *site) server(v *conf.Server, root string) {
	s.draft = nil
	anchor, before := place(v)
	if anchor == nil {
		s.problem(v.Node, "the server block is empty here: its directives come from includes, so there is no place for a line of its own")
		return
	}
	lines := []string{"include " + conf.Quote(s.include(v, root)) + ";  # teal"}
	lines = append(lines, s.logs(v)...)
	for _, line := range lines {
		if before {
			s.draft.before(anchor, line)
		} else {
			s.draft.after(anchor, line)
		}
	}
	s.tables(v)
	s.write(v.Node)
}

// include is the app's file for the server block.
func (s *site) include(v *conf.Server, root string) string {
	place := s.n.Proxy.Place(s.p.App.Name)
	if len(v.Own(rewrites...)) > 0 {
		return release.IncludeBeside(root, s.p.App.Name, place)
	}
	return release.Include(root, s.p.App.Name, place)
}

// place is the directive of a server beside which the line goes: behind the
// last listen or server_name, but before anything that rewrites.
func place(v *conf.Server) (at *conf.Directive, before bool) {
	block := v.Block
	if len(block) == 0 {
		return nil, false
	}
	end := slices.IndexFunc(block, func(d *conf.Directive) bool { return rewritesIn(v, d) })
	if end < 0 {
		end = len(block)
	}
	for _, d := range block[:end] {
		if d.Name == "listen" || d.Name == "server_name" {
			at = d
		}
	}
	if at == nil {
		return block[0], true
	}
	return at, false
}

// rewritesIn reports whether the directive, or a file that it includes, acts in
// nginx's rewrite phase.
func rewritesIn(v *conf.Server, d *conf.Directive) bool {
	if slices.Contains(rewrites, d.Name) {
		return true
	}
	return slices.ContainsFunc(v.Own(rewrites...), func(n *conf.Node) bool { return slices.Contains(n.Via, d) })
}

// logs are the access logs that a server must name itself from now on: the
// included file has one of teal's, and with it ends what http has for all.
func (s *site) logs(v *conf.Server) []string {
	const why = "  # teal: as before; the log in the file above would end it"
	own := v.Own("access_log")
	for _, n := range own {
		switch {
		case n.Arg(0) != "off" || len(n.Words) > 2:
		case n.File != v.File:
			s.problem(n, "access_log off would switch teal's own log off too, and others may include this file: write it in the server at %s instead", v.Place())
		default:
			s.draft.remove(n.Directive) // the included log ends what http has, just the same
		}
	}
	s.ownLogs(v)
	if len(own) > 0 {
		return nil
	}
	outer := v.Effective("access_log")
	if len(outer) == 0 {
		path := s.n.AccessLog
		if path == "" {
			path = "/var/log/nginx/access.log"
			s.note(v.Node, "no access_log is written anywhere; %s is repeated for it: is that where this nginx logs by itself", path)
		}
		return []string{"access_log " + conf.Quote(path) + " combined;" + why}
	}
	var lines []string
	for _, n := range outer {
		if n.Arg(0) != "off" {
			lines = append(lines, n.File.Src[n.Start:n.End]+why)
		}
	}
	return lines
}

// ownLogs notes locations whose own log ends teal's: what is counted in a
// receipt would be less than what was served.
func (s *site) ownLogs(v *conf.Server) {
	for _, b := range s.bound {
		if b.Server != v {
			continue
		}
		if logs := b.Effective("access_log"); len(logs) > 0 && logs[0].Up != v.Node && within(logs[0], "server") {
			s.note(logs[0], "requests of this location are not in teal's own log, so a receipt counts without them")
		}
	}
}

// tables looks after what the included file says of how files are looked up:
// it must see the routing table as it is at each request.
func (s *site) tables(v *conf.Server) {
	for _, n := range v.Own("open_file_cache", "disable_symlinks") {
		s.problem(n, "%s of the server would meet the one in the included file: move it into the locations that serve files", n.Name)
	}
	for _, n := range v.Effective("disable_symlinks") {
		if n.Up != v.Node && n.Arg(0) != "off" {
			s.problem(n, "disable_symlinks would be off in the server at %s: write it in the locations there that serve files, or in the other servers", v.Place())
		}
	}
	for _, n := range v.Effective("open_file_cache") {
		if n.Up != v.Node && n.Arg(0) != "off" {
			s.note(n, "open_file_cache is off in the server at %s from now on; in locations that serve many files, write it there", v.Place())
		}
	}
}
