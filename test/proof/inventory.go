//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// containers are the site's containers by name, each with its state, without
// those that only hold an image of a kept release.
func (h *hall) containers(ctx context.Context, s *site) (map[string]container.ContainerState, error) {
	list, err := h.yard.Client.ContainerList(ctx, client.ContainerListOptions{All: true})
	found := map[string]container.ContainerState{}
	for _, c := range list.Items {
		if p := c.Labels["com.docker.compose.project"]; p == s.name || strings.HasPrefix(p, s.name+"-") {
			found[strings.TrimPrefix(c.Names[0], "/")] = c.State
		}
	}
	return found, err
}

// networks are the names of the site's networks; one that is there twice is
// named twice.
func (h *hall) networks(ctx context.Context, s *site) (names []string, err error) {
	list, err := h.yard.Client.NetworkList(ctx, client.NetworkListOptions{})
	for _, n := range list.Items {
		if n.Name == "teal-"+s.name || strings.HasPrefix(n.Name, s.name) {
			names = append(names, n.Name)
		}
	}
	return names, err
}

// inventory is how many there are of each kind of thing.
type inventory map[string]int

// more is what there is more of than before, in words, "" for nothing.
func (i inventory) more(before inventory) string {
	var found []string
	for _, kind := range slices.Sorted(maps.Keys(i)) {
		if i[kind] > before[kind] {
			found = append(found, fmt.Sprintf("%d %s, %d before", i[kind], kind, before[kind]))
		}
	}
	return strings.Join(found, "; ")
}

func (i inventory) String() string {
	var all []string
	for _, kind := range slices.Sorted(maps.Keys(i)) {
		all = append(all, fmt.Sprintf("%d %s", i[kind], kind))
	}
	return strings.Join(all, ", ")
}

// count counts all that the engine has but images, of which it counts the
// site's, and the site's own files and nginx.
func (h *hall) count(ctx context.Context, s *site) (inventory, error) {
	i := inventory{}
	return i, errors.Join(i.engine(ctx, h.yard.Client), i.images(ctx, h.yard.Client, s), i.files(s.state()), i.processes(h, s))
}

func (i inventory) engine(ctx context.Context, c *client.Client) error {
	containers, err := c.ContainerList(ctx, client.ContainerListOptions{All: true})
	if err != nil {
		return err
	}
	for _, one := range containers.Items {
		i["containers "+string(one.State)]++
	}
	networks, err := c.NetworkList(ctx, client.NetworkListOptions{})
	if err != nil {
		return err
	}
	volumes, err := c.VolumeList(ctx, client.VolumeListOptions{})
	if err != nil {
		return err
	}
	i["networks"], i["volumes"] = len(networks.Items), len(volumes.Items)
	return err
}

func (i inventory) images(ctx context.Context, c *client.Client, s *site) error {
	ours := client.Filters{}.Add("label", siteLabel+"="+s.name)
	images, err := c.ImageList(ctx, client.ImageListOptions{All: true, Filters: ours})
	for _, one := range images.Items {
		i["tags of images"] += len(one.RepoTags)
	}
	i["images"] = len(images.Items)
	return err
}

// files counts those in the state root. Those of the journal are counted in
// bytes, elsewhere.
func (i inventory) files(root string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || strings.HasPrefix(d.Name(), "teal.db"):
		case filepath.Dir(path) == filepath.Join(root, "tables"):
			i["tables"]++
		default:
			i["files of teal"]++
		}
		return err
	})
}

// processes counts the open files of those that a deploy works with.
func (i inventory) processes(h *hall, s *site) error {
	nginx, err := s.nginx()
	if err != nil {
		return err
	}
	i["processes of nginx"], i["processes of the engine"] = len(nginx), 0
	for _, pid := range nginx {
		i["descriptors of nginx"] += descriptors(pid)
	}
	for _, pid := range h.engine.Processes() {
		i["processes of the engine"]++
		i["descriptors of the engine"] += descriptors(pid)
	}
	return nil
}

// descriptors is how many files the process has open, 0 if it is gone.
func descriptors(pid int) int {
	list, err := os.ReadDir(filepath.Join("/proc", strconv.Itoa(pid), "fd"))
	if err != nil {
		return 0
	}
	return len(list)
}

// nginx is the site's nginx: its master, then its workers.
func (s *site) nginx() ([]int, error) {
	text, err := os.ReadFile(filepath.Join(s.state(), "proxy", "nginx.pid"))
	if err != nil {
		return nil, err
	}
	master, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, err
	}
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", master, master))
	if err != nil {
		return nil, fmt.Errorf("list nginx's workers: %w", err)
	}
	all := []int{master}
	for _, field := range strings.Fields(string(children)) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			return nil, err
		}
		all = append(all, pid)
	}
	return all, nil
}
