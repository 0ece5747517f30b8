package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"teal/internal/release"
)

// edit changes a file of teal's nginx, below its state root. What it changes
// has to be there.
type edit struct {
	file string
	form *regexp.Regexp
	by   string
}

const (
	mainFile = "proxy/nginx.conf"
	siteFile = "apps/bench/standalone.conf"
)

// setting is one thing that could be otherwise in what teal writes: each is
// measured beside what it writes, in the same rounds.
type setting struct {
	name  string
	edits []edit
}

// gate is the look that tells that no flag is raised, bucket the test that is
// the switch.
var (
	gate   = regexp.MustCompile(`(?m)^    if \(!-d \S*\) \{\n.*\n    \}\n`)
	bucket = regexp.MustCompile(`(?m)^        if \(-f \S*\) \{\n.*\n        \}\n`)
)

var settings = []setting{
	{"multi_accept on", []edit{{mainFile, regexp.MustCompile(`events \{`), "events {\n    multi_accept on;"}}},
	{"listen … reuseport", []edit{{siteFile, regexp.MustCompile(`(listen \S+) default_server;`), "$1 default_server reuseport;"}}},
	{"tcp_nodelay off", []edit{{mainFile, regexp.MustCompile(`server_tokens off;`), "server_tokens off;\n    tcp_nodelay off;"}}},
	{"upstream keepalive 512, not 64", []edit{{siteFile, regexp.MustCompile(`keepalive 64;`), "keepalive 512;"}}},
	{"upstream keepalive_timeout 60s, not 1s", []edit{{siteFile, regexp.MustCompile(`keepalive_timeout 1s;`), "keepalive_timeout 60s;"}}},
	{"proxy buffers of 16k", []edit{{siteFile, regexp.MustCompile(`proxy_http_version 1.1;`), "proxy_http_version 1.1;\n    proxy_buffer_size 16k;\n    proxy_buffers 8 16k;"}}},
	{"proxy_buffering off", []edit{{siteFile, regexp.MustCompile(`proxy_http_version 1.1;`), "proxy_http_version 1.1;\n    proxy_buffering off;"}}},
	{"without X-Real-IP and X-Forwarded-Host", []edit{{siteFile, regexp.MustCompile(`(?m)^    proxy_set_header X-(Real-IP|Forwarded-Host) .*\n`), ""}}},
	{"flags looked for once a second, not each time", []edit{
		{siteFile, regexp.MustCompile(`(?m)^    open_file_cache off;`), "    open_file_cache max=100;\n    open_file_cache_valid 1s;\n    open_file_cache_errors on;"},
		{siteFile, regexp.MustCompile(`(?m)^(    location .*\{)$`), "$1\n        open_file_cache off;"},
	}},
	{"each flag looked for, not all in one look", []edit{{siteFile, gate, ""}}},
	{"no look for flags", []edit{{siteFile, gate, "    break;\n"}}},
	{"no look for flags, nor for the bucket: no switch", []edit{{siteFile, gate, "    break;\n"}, {siteFile, bucket, ""}}},
}

// with is teal's nginx with a setting changed, blue live.
func (one setting) with() maker {
	return maker{one.name, true, release.Blue, func(ctx context.Context, s *stand, p *peer) error {
		return upTealEdited(ctx, s, p, one.edits)
	}}
}

func apply(root string, edits []edit) error {
	var errs []error
	for _, e := range edits {
		errs = append(errs, rewrite(filepath.Join(root, e.file), e.form, e.by))
	}
	return errors.Join(errs...)
}

// rewrite replaces what has to be there.
func rewrite(path string, form *regexp.Regexp, by string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !form.Match(text) {
		return fmt.Errorf("%s has nothing like %q:\n%s", path, form, text)
	}
	return os.WriteFile(path, form.ReplaceAll(text, []byte(by)), 0o644)
}

// alternatives measures what the settings of teal's nginx are worth.
func alternatives(ctx context.Context, b *bench) (err error) {
	c, err := apart()
	if err != nil {
		return err
	}
	makers := []maker{tealBlue, tealGreen, static}
	for _, one := range settings {
		makers = append(makers, one.with())
	}
	s, err := newStand(ctx, c, makers...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close(context.WithoutCancel(ctx))) }()
	all, err := s.rounds(ctx, b.size.settingRounds, b.size.costTime, wrkPlain, s.peers...)
	if err != nil {
		return err
	}
	base := seriesOf(each(all[tealBlue.name], sample.cost))
	for _, p := range s.peers {
		cost := seriesOf(each(all[p.name], sample.cost))
		note := "beyond what teal writes: " + cost.against(base, difference).String() + " µs"
		b.result.add("settings", "processor time of teal's nginx for a request, blue live", p.name, "µs", note, cost.Rounds)
	}
	return nil
}
