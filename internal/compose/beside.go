package compose

import (
	"context"
	"fmt"
	"slices"

	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/api/types/container"

	"teal/internal/release"
)

// besides tells of what the colors stand beside, or in place of, without a
// word in teal.yaml: a person should know, and decide. What belongs to another
// app of the name is refused.
func (e *Engine) besides(ctx context.Context, r reading) ([]string, error) {
	found, err := e.inProject(ctx, projectOf(r.app.Name, release.None))
	if err != nil {
		return nil, err
	}
	if err := namesakes(r.app, found); err != nil {
		return nil, err
	}
	unmarked, err := e.belongings(ctx, r)
	return slices.Concat(unmarked, strays(r.app, found), otherCounts(r)), err
}

// strays are containers that a `docker compose up` left of services which are
// colored now. They are not teal's to stop, and a second worker, or a second
// scheduler, is not always harmless.
func strays(app release.App, found []container.Summary) []string {
	var notes []string
	for _, s := range found {
		service := s.Labels[api.ServiceLabel]
		if running(s) && !oneOff(s) && isColored(app, service) {
			notes = append(notes, fmt.Sprintf("container %[1]s of docker compose runs %[2]s beside the colors and is left alone; once nobody uses it: docker rm -f %[1]s", nameOf(s), service))
		}
	}
	return notes
}

// otherCounts are colored services of which the compose file wants more
// replicas than teal.yaml does.
func otherCounts(r reading) []string {
	var notes []string
	for _, s := range r.app.Services {
		definition := r.definition(s, release.Blue, 1)
		if n := definition.GetScale(); n > s.Replicas {
			notes = append(notes, fmt.Sprintf("the compose file wants %d replicas of %s; teal runs %d, as services.%s.replicas in teal.yaml says", n, s.Name, s.Replicas, s.Name))
		}
	}
	return notes
}
