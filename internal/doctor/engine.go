package doctor

import (
	"fmt"
	"slices"

	"teal/internal/release"
)

// slowDrivers copy whole layers where others share them.
var slowDrivers = []string{"vfs", "devicemapper", "aufs"}

func (c Case) engine() []release.Finding {
	if c.EngineErr != nil {
		return []release.Finding{fault("", c.EngineErr)}
	}
	e := c.Engine
	found := []release.Finding{ok("docker engine %s answers at %s, API %s", e.Version, e.Host, e.API)}
	switch {
	case e.LiveRestore:
		found = append(found, ok("live-restore is on: containers outlive a restart of dockerd"))
	case e.Swarm:
		found = append(found, warn("the engine is in a swarm, so a restart of dockerd stops every container, the live ones too", "docker swarm leave, then set live-restore"))
	default:
		found = append(found, warn("live-restore is off: a restart or update of dockerd stops every container, the live ones too",
			`set "live-restore": true in /etc/docker/daemon.json, then systemctl reload docker`))
	}
	if slices.Contains(slowDrivers, e.Driver) {
		return append(found, warn(fmt.Sprintf("storage driver %s is slow and wastes space", e.Driver), "use overlay2: https://docs.docker.com/engine/storage/drivers/select-storage-driver/"))
	}
	return append(found, ok("storage driver %s in %s", e.Driver, e.Root))
}
