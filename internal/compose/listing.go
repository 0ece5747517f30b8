package compose

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"teal/internal/release"
)

// inProject lists the containers of a compose project, running or not, in
// order of their names.
func (e *Engine) inProject(ctx context.Context, project string) ([]container.Summary, error) {
	found, err := e.client.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: client.Filters{}.Add("label", api.ProjectLabel+"="+project)})
	if err != nil {
		return nil, e.failed("list containers of "+project, err)
	}
	slices.SortFunc(found.Items, func(a, b container.Summary) int { return strings.Compare(nameOf(a), nameOf(b)) })
	return found.Items, nil
}

// inColor lists the containers of a color. If one of them isn't the app's,
// the project name belongs to someone else and nothing in it may be touched.
func (e *Engine) inColor(ctx context.Context, app release.App, c release.Color) ([]container.Summary, error) {
	project := projectOf(app.Name, c)
	found, err := e.inProject(ctx, project)
	if err != nil {
		return nil, err
	}
	strange := func(s container.Summary) bool { return s.Labels[labelApp] != app.Name && !oneOff(s) }
	if i := slices.IndexFunc(found, strange); i >= 0 {
		ours := slices.ContainsFunc(found, func(s container.Summary) bool { return !strange(s) })
		return nil, foreign(project, found[i], ours)
	}
	return found, nil
}

// foreign refuses a project in which a container isn't teal's. Where others
// are, someone has run docker compose on the color, and what is to go is the
// one container: the project's others may be serving.
func foreign(project string, c container.Summary, ours bool) error {
	e := &release.Error{
		Code:   release.Invalid,
		What:   fmt.Sprintf("compose project %s exists and teal did not make it", project),
		Detail: []string{"container " + nameOf(c)},
		Next:   fmt.Sprintf("docker compose -p %s down, if it is no longer needed, or change app in teal.yaml", project),
	}
	if from := c.Labels[api.ConfigFilesLabel]; from != "" {
		e.Detail[0] += ", made from " + from
	}
	if ours {
		e.What = fmt.Sprintf("container %s is in teal's compose project %s, but teal did not make it", nameOf(c), project)
		e.Next = fmt.Sprintf("docker rm -f %s, then run the command again", nameOf(c))
	}
	return e
}

// elsewhere refuses an app whose routing this state root doesn't hold: by its
// word nothing might seem live, and what serves clients would be cleared.
func elsewhere(app, owner, root string) error {
	return &release.Error{
		Code: release.Invalid,
		What: fmt.Sprintf("app %s on this machine is run from the state root %s, not from %s", app, owner, root),
		Next: "add --state " + owner + " to the command, or change app in teal.yaml",
	}
}

// sharedOf lists the containers of shared services: those of the project
// <app> whose service isn't colored.
func (e *Engine) sharedOf(ctx context.Context, app release.App) ([]container.Summary, error) {
	found, err := e.inProject(ctx, projectOf(app.Name, release.None))
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(found, func(s container.Summary) bool {
		return isColored(app, s.Labels[api.ServiceLabel]) || oneOff(s)
	}), nil
}

func oneOff(s container.Summary) bool { return s.Labels[api.OneoffLabel] == "True" }

func running(s container.Summary) bool { return s.State == container.StateRunning }

func nameOf(s container.Summary) string {
	for _, n := range s.Names {
		if strings.LastIndexByte(n, '/') == 0 { // the others are names from links
			return n[1:]
		}
	}
	return s.ID
}

// byService groups containers by their compose service.
func byService(containers []container.Summary) map[string][]container.Summary {
	out := map[string][]container.Summary{}
	for _, s := range containers {
		name := s.Labels[api.ServiceLabel]
		out[name] = append(out[name], s)
	}
	return out
}
