package term

import (
	"fmt"
	"io"

	"teal/internal/release"
)

// History prints releases, in the order given, a line each.
func History(w io.Writer, releases []release.Release) error {
	if len(releases) == 0 {
		return table{}.write(w, []string{"no release yet"}, nil)
	}
	var t table
	t.row("release", "state", "color", "created", "by", "reason")
	for _, r := range releases {
		t.row(fmt.Sprint(r.Number), Clean(string(r.State)), Clean(string(r.Color)),
			r.Created.Format("2006-01-02 15:04"), Clean(r.By), Clean(r.Reason))
	}
	return t.write(w, nil, nil)
}
