package doctor

import (
	"fmt"
	"os"
	"path/filepath"

	"teal/internal/release"
)

// room is what is left on a file system.
type room struct {
	free, total   uint64 // bytes
	files, inodes uint64 // free and in all; 0 of 0 where none are counted
}

const (
	mib = 1 << 20
	gib = 1 << 30
)

// space is about the disks that a deploy writes to.
func (c Case) space() []release.Finding {
	places := [][2]string{{c.Root, "the state root"}}
	if c.EngineErr == nil && c.Engine.Local && c.Engine.Root != "" {
		places = append(places, [2]string{c.Engine.Root, "Docker's data"})
	}
	var found []release.Finding
	for _, p := range places {
		if r, known := left(existing(p[0])); known {
			found = append(found, r.grade(p[1]))
		}
	}
	return found
}

// existing is the folder itself or the nearest above it that is there.
func existing(dir string) string {
	for dir != filepath.Dir(dir) {
		if _, err := os.Stat(dir); err == nil {
			return dir
		}
		dir = filepath.Dir(dir)
	}
	return dir
}

// grade: below 100 MiB a state file or a layer may not fit; below 1 GiB or one
// part in twenty the next image may not.
func (r room) grade(what string) release.Finding {
	said := fmt.Sprintf("%s free for %s", size(r.free), what)
	const fix = "docker image prune (teal's releases are tagged and stay), or a larger disk"
	switch {
	case r.free < 100*mib:
		return fail(release.Unreachable, "only "+said, fix)
	case r.inodes > 0 && r.files*50 < r.inodes:
		return warn(fmt.Sprintf("%d inodes are left for %s", r.files, what), fix)
	case r.free < gib || r.free < r.total/20:
		return warn("only "+said, fix)
	}
	return ok("%s", said)
}

func size(n uint64) string {
	if n < gib {
		return fmt.Sprintf("%d MiB", n/mib)
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/gib)
}
