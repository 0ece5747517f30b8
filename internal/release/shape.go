package release

import "slices"

// Shape is what a release has of the app that another release may have
// otherwise: its services, with their replicas and ports, and the routes to
// them.
type Shape struct {
	Services []Service
	Routes   []Route // longest path first
}

// Shape is the app's own.
func (a App) Shape() Shape { return Shape{a.Services, a.Routes} }

// ShapeIn is the shape of the release that stands in the color.
func (a App) ShapeIn(c Color) Shape {
	if s, ok := a.Shapes[c]; ok {
		return s
	}
	return a.Shape()
}

// Service returns the service of that name.
func (s Shape) Service(name string) (Service, bool) {
	i := slices.IndexFunc(s.Services, func(s Service) bool { return s.Name == name })
	if i < 0 {
		return Service{}, false
	}
	return s.Services[i], true
}

// Routed reports whether a route leads to the service.
func (s Shape) Routed(service string) bool {
	return slices.ContainsFunc(s.Routes, func(r Route) bool { return r.To == service })
}

// Overlapping are the services that may run in both colors at a time, which a
// warm standby therefore has running.
func (s Shape) Overlapping() []Service {
	var out []Service
	for _, svc := range s.Services {
		if svc.Handoff != HandoffStopFirst {
			out = append(out, svc)
		}
	}
	return out
}
