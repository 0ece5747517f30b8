package compose

import (
	"maps"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/api/types/container"
)

// levels sorts names so that each comes in a later level than all it depends
// on. Dependencies on unknown names count for nothing; names in a circle,
// which compose refuses, all come last.
func levels(dependsOn map[string][]string) [][]string {
	left := maps.Clone(dependsOn)
	var out [][]string
	for len(left) > 0 {
		level := ready(left)
		if len(level) == 0 {
			level = slices.Sorted(maps.Keys(left))
		}
		out = append(out, level)
		for _, name := range level {
			delete(left, name)
		}
	}
	return out
}

// ready are the names that depend on none of the others.
func ready(left map[string][]string) []string {
	var out []string
	for name, others := range left {
		waits := slices.ContainsFunc(others, func(other string) bool {
			_, there := left[other]
			return there
		})
		if !waits {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func dependencies(p *types.Project) map[string][]string {
	out := map[string][]string{}
	for name, s := range p.Services {
		out[name] = slices.Collect(maps.Keys(s.DependsOn))
	}
	return out
}

// recorded are the dependencies of the containers' services as compose wrote
// them on the containers.
func recorded(containers []container.Summary) map[string][]string {
	out := map[string][]string{}
	for _, s := range containers {
		out[s.Labels[api.ServiceLabel]] = slices.Sorted(maps.Keys(conditionsOf(s)))
	}
	return out
}

// conditionsOf maps what the container's service depends on to the condition,
// by its label: "db:service_healthy:false,cache:…".
func conditionsOf(s container.Summary) map[string]string {
	out := map[string]string{}
	for entry := range strings.SplitSeq(s.Labels[api.DependenciesLabel], ",") {
		other, rest, _ := strings.Cut(entry, ":")
		condition, _, _ := strings.Cut(rest, ":")
		if other != "" {
			out[other] = condition
		}
	}
	return out
}
