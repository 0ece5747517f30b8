package compose

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"teal/internal/release"
)

// housed gives a shared service that is one of the app's proxies what nginx in
// it needs: the app's network, where the colors are, and the folders that its
// configuration speaks of. What the service mounts itself is left as it is.
func housed(app release.App, root string, s types.ServiceConfig) types.ServiceConfig {
	for _, p := range app.Proxies {
		if p.Service != s.Name {
			continue
		}
		s.Volumes = slices.Clone(s.Volumes)
		for _, m := range app.ProxyMounts(root, p) {
			if !slices.ContainsFunc(s.Volumes, func(own types.ServiceVolumeConfig) bool { return brings(own, m) }) {
				s.Volumes = append(s.Volumes, bind(m))
			}
		}
		if _, joined := s.Networks[defaultNetwork]; !joined && s.NetworkMode == "" {
			s.Networks[defaultNetwork] = &types.ServiceNetworkConfig{}
		}
	}
	return s
}

// bind is the mount as Docker takes it. A source that is missing is an error
// then: made by Docker, it would be an empty folder that nobody meant.
func bind(m release.Mount) types.ServiceVolumeConfig {
	return types.ServiceVolumeConfig{
		Type: types.VolumeTypeBind, Source: m.Source, Target: m.Target, ReadOnly: m.ReadOnly,
		Bind: &types.ServiceVolumeBind{CreateHostPath: false},
	}
}

// brings reports whether the service's own mount does what m would, or stands
// in its place: two mounts can't have one target, and the folder of sites may
// be any that nginx reads.
func brings(own types.ServiceVolumeConfig, m release.Mount) bool {
	rest, under := below(own.Target, m.Target)
	switch {
	case !under:
		return false
	case rest == "." || m.Source != m.Target:
		return true
	}
	return own.Type == types.VolumeTypeBind && filepath.Join(own.Source, rest) == m.Source && (m.ReadOnly || !own.ReadOnly)
}

// below is the way from the folder to the path, "." for the folder itself;
// false if the path isn't in it.
func below(dir, path string) (string, bool) {
	rest, err := filepath.Rel(dir, path)
	return rest, err == nil && filepath.IsLocal(rest)
}

// furnish makes what the mounts of a proxy's container need on this machine:
// folders of teal's own, which nginx's workers must be able to walk, and in
// them the places where other mounts of the container lie, which Docker can't
// make in a folder that is mounted read-only.
func (e *Engine) furnish(app release.App, s types.ServiceConfig) error {
	if !slices.ContainsFunc(app.Proxies, func(p release.Proxy) bool { return p.Service == s.Name }) {
		return nil
	}
	for _, v := range s.Volumes {
		if v.Type != types.VolumeTypeBind || v.Bind == nil || bool(v.Bind.CreateHostPath) {
			continue
		}
		if _, ours := below(e.root, v.Source); !ours {
			if err := there(s, v); err != nil {
				return err
			}
			continue
		}
		if err := folder(e.root, v.Source); err != nil {
			return fmt.Errorf("make a folder for nginx in %s: %w", s.Name, err)
		}
		if err := places(s, v); err != nil {
			return fmt.Errorf("make a place in a folder for nginx in %s: %w", s.Name, err)
		}
	}
	return nil
}

// there wants a folder of the user's to be there.
func there(s types.ServiceConfig, v types.ServiceVolumeConfig) error {
	_, err := os.Stat(v.Source)
	if err == nil {
		return nil
	}
	return &release.Error{
		Code: release.Invalid, What: fmt.Sprintf("%s, which nginx in %s is to see, is not there", v.Source, s.Name), Detail: []string{err.Error()},
		Next: "mkdir -p " + v.Source + ", or correct the path in teal.yaml", Err: err,
	}
}

// folder makes a folder under the root that everyone may pass through,
// whatever the umask is.
func folder(root, path string) error {
	rest, _ := below(root, path)
	dir := root
	for part := range strings.SplitSeq(rest, string(filepath.Separator)) {
		dir = filepath.Join(dir, part)
		if _, err := os.Stat(dir); err == nil {
			continue
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if err := os.Chmod(dir, 0o755); err != nil {
			return err
		}
	}
	return nil
}

// places makes in the source of v what the service's other mounts are put on,
// as a site.conf that the user mounts into conf.d.
func places(s types.ServiceConfig, v types.ServiceVolumeConfig) error {
	for target, isFile := range targets(s) {
		rest, under := below(v.Target, target)
		if !under || rest == "." {
			continue
		}
		place := filepath.Join(v.Source, rest)
		dir := place
		if isFile {
			dir = filepath.Dir(place)
		}
		if err := folder(v.Source, dir); err != nil {
			return err
		}
		if !isFile {
			continue
		}
		file, err := os.OpenFile(place, os.O_CREATE|os.O_RDONLY, 0o644)
		if err != nil {
			return err
		}
		if err := file.Close(); err != nil {
			return err
		}
	}
	return nil
}

// targets are the paths in the container that something is mounted on, and
// whether it is a file. Configs are mounted where they are files.
func targets(s types.ServiceConfig) map[string]bool {
	out := map[string]bool{}
	for _, v := range s.Volumes {
		info, err := os.Stat(v.Source)
		out[v.Target] = v.Type == types.VolumeTypeBind && err == nil && !info.IsDir()
	}
	for _, ref := range s.Configs {
		out[targeted(types.FileReferenceConfig(ref), "/").Target] = true
	}
	return out
}
