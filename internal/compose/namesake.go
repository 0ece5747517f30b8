package compose

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"teal/internal/release"
)

// namesakes refuses an app whose name is that of a compose project of another
// folder: its databases would be taken for this app's. Containers that
// `docker compose up` made from this app's own files are welcome, and so are
// those that teal has made or connected before, wherever they came from.
func namesakes(app release.App, found []container.Summary) error {
	for _, c := range found {
		if c.Labels[labelApp] == app.Name || in(c, release.NetworkName(app.Name)) || sameFolder(app, c.Labels) {
			continue
		}
		from := cmp.Or(c.Labels[api.ConfigFilesLabel], c.Labels[api.WorkingDirLabel])
		return &release.Error{
			Code:   release.Invalid,
			What:   fmt.Sprintf("compose project %s on this machine is run from another folder", app.Name),
			Detail: []string{fmt.Sprintf("container %s, made from %s", nameOf(c), from)},
			Next:   fmt.Sprintf("give this app another name with app: in teal.yaml; if it is the same app, which has moved: docker rm -f %s, then run the command again", nameOf(c)),
		}
	}
	return nil
}

// sameFolder reports whether the labels of a container name one of the app's
// compose files or their folder. Labels that name none tell nothing.
func sameFolder(app release.App, labels map[string]string) bool {
	dir, files := labels[api.WorkingDirLabel], labels[api.ConfigFilesLabel]
	if dir == "" && files == "" {
		return true
	}
	ours := map[string]bool{real(app.Dir): true}
	for _, path := range slices.Concat(app.Compose, app.Own[release.Blue], app.Own[release.Green]) {
		ours[real(path)], ours[real(filepath.Dir(path))] = true, true
	}
	return ours[real(dir)] || slices.ContainsFunc(strings.Split(files, ","), func(file string) bool { return ours[real(file)] })
}

// real is the path without symbolic links, as far as it is there.
func real(path string) string {
	if path == "" {
		return path
	}
	if to, err := filepath.EvalSymlinks(path); err == nil {
		return to
	}
	return filepath.Clean(path)
}

// belonging is a network or a volume that the files name as the app's own.
type belonging struct {
	section, key, name string // volumes, data, shop_data
}

// belongings refuses networks and volumes that the files name as the app's own
// and that are somebody else's, since both would then write to one database,
// say. As compose has it, a network without compose's labels is refused too,
// while a volume without them, restored by hand perhaps, is used and told of.
func (e *Engine) belongings(ctx context.Context, r reading) ([]string, error) {
	networks, err := e.client.NetworkList(ctx, client.NetworkListOptions{})
	if err != nil {
		return nil, e.failed("list networks", err)
	}
	volumes, err := e.client.VolumeList(ctx, client.VolumeListOptions{})
	if err != nil {
		return nil, e.failed("list volumes", err)
	}
	labels := map[belonging]map[string]string{} // without a key
	for _, n := range networks.Items {
		labels[belonging{section: "networks", name: n.Name}] = n.Labels
	}
	for _, v := range volumes.Items {
		labels[belonging{section: "volumes", name: v.Name}] = v.Labels
	}
	var notes []string
	for _, b := range r.own() {
		have, there := labels[belonging{section: b.section, name: b.name}]
		switch owner := have[api.ProjectLabel]; {
		case !there || have[labelApp] == r.app.Name || isOwner(r.app, owner):
			continue
		case owner != "" || b.section == "networks":
			return nil, b.refused(r, owner)
		}
		notes = append(notes, fmt.Sprintf("volume %s was not made by compose and is used as it is; external: true in the compose file would say that this is meant", b.name))
	}
	return notes, nil
}

// own are the networks and volumes that aren't external.
func (r reading) own() []belonging {
	var out []belonging
	networks, volumes := r.networks(), r.volumes()
	for _, key := range slices.Sorted(maps.Keys(networks)) {
		if n := networks[key]; !n.External {
			out = append(out, belonging{"networks", key, n.Name})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(volumes)) {
		if v := volumes[key]; !v.External {
			out = append(out, belonging{"volumes", key, v.Name})
		}
	}
	return out
}

// isOwner reports whether a compose project of that name is the app's.
func isOwner(app release.App, project string) bool {
	return project == projectOf(app.Name, release.None) ||
		slices.ContainsFunc(release.Colors, func(c release.Color) bool { return project == projectOf(app.Name, c) })
}

func (b belonging) refused(r reading, owner string) error {
	kind, whose := strings.TrimSuffix(b.section, "s"), "exists and compose did not make it"
	if owner != "" {
		whose = "belongs to compose project " + owner
	}
	key := b.key
	if key == ownDefault {
		key = defaultNetwork
	}
	return invalid(r.source(release.None).at(b.section, key), fmt.Sprintf("%s %s %s", kind, b.name, whose),
		fmt.Sprintf("add external: true to the %s if %s is to use it, or give it another name", kind, r.app.Name))
}
