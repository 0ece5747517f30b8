package nginx

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"strings"

	"teal/internal/release"
)

// Watch switches the app's traffic log on or off: a flag file, so nginx isn't
// reloaded, and while it is off a request costs one look for a file. What an
// earlier watch logged is dropped; nginx appends, so the log can be emptied
// under it.
func (r *Router) Watch(_ context.Context, app release.App, on bool) error {
	if !on {
		return lower(r.watch(app.Name))
	}
	if err := cut(r.traffic(app.Name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("empty the traffic log: %w", err)
	}
	if err := raise(r.watch(app.Name)); err != nil {
		return fmt.Errorf("watch traffic: %w", err)
	}
	return nil
}

// cut takes all that is in a file, and follows no link to another.
func cut(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC|noFollow, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

// logged is a line of the traffic log (log_format in site.tmpl). Where nginx
// went to several servers, upstream, answers and header have an entry of
// each, with commas between.
type logged struct {
	Status   int    `json:"status"`
	Upstream string `json:"upstream"`
	Header   string `json:"header"` // seconds until the answer's header; "-" where none came
}

// Traffic reads what the log saw since the watch was switched on. It goes by
// what is in the log and not by times: the clock may have been set meanwhile.
func (r *Router) Traffic(_ context.Context, app release.App, net release.Network) (release.Traffic, error) {
	t := release.Traffic{ByColor: map[release.Color]int{}, ByStatus: map[string]int{}}
	file, err := os.Open(r.traffic(app.Name))
	if errors.Is(err, fs.ErrNotExist) {
		return t, nil
	}
	if err != nil {
		return t, fmt.Errorf("read the traffic log: %w", err)
	}
	defer file.Close()
	if err := readTraffic(&t, file, endsOf(app, net)); err != nil {
		return t, fmt.Errorf("read the traffic log: %w", err)
	}
	return t, nil
}

func readTraffic(t *release.Traffic, in io.Reader, of ends) error {
	scan := bufio.NewScanner(in)
	for scan.Scan() {
		var l logged
		if json.Unmarshal(scan.Bytes(), &l) != nil {
			continue // a line that nginx is still writing
		}
		add(t, l, of)
	}
	return scan.Err()
}

func add(t *release.Traffic, l logged, of ends) {
	t.Requests++
	t.ByStatus[fmt.Sprintf("%dxx", l.Status/100)]++
	tried := colorsTried(l.Upstream, of)
	answered := answers(l.Header) && len(tried) > 0
	if answered {
		count(t, tried)
	}
	switch {
	case (l.Status == 502 || l.Status == 504) && !answered:
		t.Lost++
	case l.Status >= 500:
		t.Errors++
	case l.Status == 499:
		t.Gone++
	}
}

// count counts an answer to the color that gave it, the last one tried.
func count(t *release.Traffic, tried []release.Color) {
	color := tried[len(tried)-1]
	if color != release.None {
		t.ByColor[color]++
	}
	if tried[0] != color {
		t.Failover++
	}
}

// colorsTried are the colors of the servers nginx went to, in order. A name
// in the place of an address means that all servers were left out.
func colorsTried(upstream string, of ends) []release.Color {
	var list []release.Color
	for _, one := range entries(upstream) {
		at, _ := netip.ParseAddrPort(one)
		list = append(list, of.color(at))
	}
	return list
}

// answers reports whether the last server that nginx went to sent a header.
func answers(header string) bool {
	list := entries(header)
	return len(list) > 0 && list[len(list)-1] != "-"
}

// entries splits a value nginx makes for several servers: commas within one
// upstream, colons between two (ngx_http_upstream_module, $upstream_addr).
func entries(value string) []string {
	if value == "" || value == "-" {
		return nil
	}
	var list []string
	for _, one := range strings.Split(strings.ReplaceAll(value, " : ", ", "), ", ") {
		list = append(list, strings.TrimSpace(one))
	}
	return list
}
