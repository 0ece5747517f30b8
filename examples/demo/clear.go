package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/moby/moby/client"
)

// clearLimit is how long taking everything away may take.
const clearLimit = 60 * time.Second

// clear takes everything away: teal does it, then Docker and the port are
// asked whether it is so. What teal has left behind is removed too, and is an
// error.
func (s *stage) clear(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, clearLimit)
	defer cancel()
	tell("everything is taken away")
	return errors.Join(
		s.run(ctx, version{number: 1}, done, "down", "--volumes", "--yes"),
		s.run(ctx, version{number: 1}, done, "proxy", "down"),
		s.silent(ctx),
		s.sweep(ctx),
		os.RemoveAll(s.dir),
	)
}

// silent is an error if somebody still answers at the app's address.
func (s *stage) silent(ctx context.Context) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.addr)
	if err != nil {
		return nil
	}
	conn.Close()
	return fmt.Errorf("nginx still listens on %s, its pid is in %s/proxy/nginx.pid", s.addr, s.state())
}

// sweep removes what Docker still has of the app. Images are the demo's own
// to remove, anything else is what teal has left.
func (s *stage) sweep(ctx context.Context) error {
	docker, err := client.New(client.FromEnv)
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	defer docker.Close()
	var left []error
	for _, project := range []string{s.app, s.app + "-blue", s.app + "-green"} {
		ours := client.Filters{}.Add("label", "com.docker.compose.project="+project)
		left = append(left, sweepContainers(ctx, docker, ours), sweepNetworks(ctx, docker, ours), sweepVolumes(ctx, docker, ours))
	}
	left = append(left, sweepContainers(ctx, docker, client.Filters{}.Add("label", "teal.app="+s.app)))
	return errors.Join(append(left, s.sweepImages(ctx, docker))...)
}

func sweepContainers(ctx context.Context, docker *client.Client, ours client.Filters) error {
	list, err := docker.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: ours})
	for _, c := range list.Items {
		_, removed := docker.ContainerRemove(ctx, c.ID, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
		err = errors.Join(err, fmt.Errorf("teal left the container %v", c.Names), removed)
	}
	return err
}

func sweepNetworks(ctx context.Context, docker *client.Client, ours client.Filters) error {
	list, err := docker.NetworkList(ctx, client.NetworkListOptions{Filters: ours})
	for _, n := range list.Items {
		_, removed := docker.NetworkRemove(ctx, n.ID, client.NetworkRemoveOptions{})
		err = errors.Join(err, fmt.Errorf("teal left the network %s", n.Name), removed)
	}
	return err
}

func sweepVolumes(ctx context.Context, docker *client.Client, ours client.Filters) error {
	list, err := docker.VolumeList(ctx, client.VolumeListOptions{Filters: ours})
	for _, v := range list.Items {
		_, removed := docker.VolumeRemove(ctx, v.Name, client.VolumeRemoveOptions{Force: true})
		err = errors.Join(err, fmt.Errorf("teal left the volume %s", v.Name), removed)
	}
	return err
}

// sweepImages removes the images the demo built, by the name that only this
// run gave them.
func (s *stage) sweepImages(ctx context.Context, docker *client.Client) error {
	ours := client.Filters{}.Add("reference", s.images()+"/*")
	list, err := docker.ImageList(ctx, client.ImageListOptions{Filters: ours})
	for _, image := range list.Items {
		for _, tag := range image.RepoTags {
			if !strings.HasPrefix(tag, s.images()+"/") {
				continue
			}
			_, removed := docker.ImageRemove(ctx, tag, client.ImageRemoveOptions{Force: true, PruneChildren: true})
			err = errors.Join(err, removed)
		}
	}
	return err
}
