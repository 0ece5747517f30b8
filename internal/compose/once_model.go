package compose

import (
	"fmt"
	"strconv"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/compose/v5/pkg/api"

	"teal/internal/release"
)

// onceService is the compose service of a release command.
func onceService(command release.Command) string { return command.Service + "-release" }

// onceModel is pure: it makes a project of the one container that runs the
// release command, out of the color's project. The container is the service's
// first replica in all that a command can see (image, environment, volumes,
// secrets, entrypoint) and no replica in what others can see: it has no port,
// no fixed address, and is found under none of the service's names.
func onceModel(app release.App, painted *types.Project, c release.Color, number int, command release.Command) (*types.Project, error) {
	from, there := replica(painted, command.Service, 1)
	if !there {
		return nil, &release.Error{
			Code: release.Invalid,
			What: fmt.Sprintf("the release command runs in %s, which is no service of release %d", command.Service, number),
			Next: "name one of services under deploy.release.service in teal.yaml",
		}
	}
	s := solitary(from)
	s.Name = onceService(command)
	s.ContainerName = fmt.Sprintf("%s-%s-%d", painted.Name, s.Name, number)
	s.Command = command.Argv
	s.Labels = onceLabels(from)
	s.Networks = onceNetworks(app, from)
	out := *painted
	out.Services = types.Services{s.Name: s}
	out.Networks = types.Networks{}
	for key := range s.Networks {
		out.Networks[key] = painted.Networks[key]
	}
	if app := release.NetworkName(app.Name); s.Networks != nil {
		out.Networks[app] = types.NetworkConfig{Name: app, External: true}
	}
	label(app, &out)
	s = out.Services[s.Name]
	s.CustomLabels = s.CustomLabels.Add(api.OneoffLabel, "True")
	out.Services[s.Name] = s
	return &out, nil
}

// solitary takes off what makes a container one that is kept running, reached
// from outside, and looked after.
func solitary(s types.ServiceConfig) types.ServiceConfig {
	s.Restart, s.Ports, s.Expose, s.Hostname = "", nil, nil, ""
	s.DependsOn, s.PreStart, s.PostStart, s.PreStop = nil, nil, nil, nil
	s.HealthCheck = &types.HealthCheckConfig{Disable: true}
	s.Tty, s.StdinOpen = false, false
	if s.Deploy != nil {
		deploy := *s.Deploy
		deploy.RestartPolicy = nil
		s.Deploy = &deploy
	}
	return s
}

func onceLabels(from types.ServiceConfig) types.Labels {
	labels := types.Labels{}
	for key, value := range from.Labels {
		if key != labelReplica && key != labelHooks {
			labels[key] = value
		}
	}
	return labels
}

// onceNetworks joins the app's network, where the shared services are, and
// the user's, each at an address of Docker's choice. The private one, in
// which the service's plain name is an alias, is left out.
func onceNetworks(app release.App, from types.ServiceConfig) map[string]*types.ServiceNetworkConfig {
	if from.NetworkMode != "" {
		return nil
	}
	out := map[string]*types.ServiceNetworkConfig{release.NetworkName(app.Name): nil}
	for key, own := range from.Networks {
		if key == defaultNetwork || own == nil {
			continue
		}
		out[key] = &types.ServiceNetworkConfig{DriverOpts: own.DriverOpts, Priority: own.Priority, GatewayPriority: own.GatewayPriority}
	}
	return out
}

// replica is the service of the color's project that runs the replica.
func replica(painted *types.Project, service string, number int) (types.ServiceConfig, bool) {
	for _, s := range painted.Services {
		if s.Labels[labelService] == service && s.Labels[labelReplica] == strconv.Itoa(number) {
			return s, true
		}
	}
	return types.ServiceConfig{}, false
}
