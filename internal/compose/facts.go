package compose

import (
	"context"
	"strings"

	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"teal/internal/release"
)

// Facts asks the engine what it is like.
func (e *Engine) Facts(ctx context.Context) (release.EngineFacts, error) {
	res, err := e.client.Info(ctx, client.InfoOptions{})
	if err != nil {
		return release.EngineFacts{}, e.failed("ask docker what it is like", err)
	}
	host := e.client.DaemonHost()
	return release.EngineFacts{
		Host: host, Version: res.Info.ServerVersion, API: e.client.ClientVersion(), Driver: res.Info.Driver, Root: res.Info.DockerRootDir,
		Local: strings.HasPrefix(host, "unix://"), LiveRestore: res.Info.LiveRestoreEnabled,
		Swarm: res.Info.Swarm.LocalNodeState == swarm.LocalNodeStateActive,
	}, nil
}
