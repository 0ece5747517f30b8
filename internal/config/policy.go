package config

import (
	"time"

	"teal/internal/release"
)

// longest bounds every wait of a deploy.
const longest = 24 * time.Hour

func defaultPolicy() release.Policy {
	return release.Policy{
		Drain:   release.DrainLimits{Timeout: 30 * time.Second, Streams: 5 * time.Minute},
		Standby: release.StandbyCold,
		Keep:    5,
		Witness: release.WitnessPolicy{Rate: 20},
	}
}

func (d *draft) readPolicy(v value) {
	p := &d.app.Policy
	v.object(fields{
		"drain": func(v value) { p.Drain = readDrain(v, p.Drain) },
		"standby": func(v value) {
			p.Standby = release.Standby(v.choice(string(release.StandbyCold), string(release.StandbyWarm), string(release.StandbyNone)))
		},
		"keep": func(v value) { p.Keep = v.integer(2, 1000) },
		"witness": func(v value) {
			v.object(fields{
				"off":  func(v value) { p.Witness.Off = v.truth() },
				"rate": func(v value) { p.Witness.Rate = v.integer(1, 1000) },
			})
		},
	})
}

// readDrain reads the limits. Streams wait at least as long as requests: they
// are told apart only by having outlived them.
func readDrain(v value, limits release.DrainLimits) release.DrainLimits {
	v.object(fields{
		"timeout": func(v value) { limits.Timeout = v.duration(0, longest) },
		"streams": func(v value) { limits.Streams = v.duration(0, longest) },
	})
	if !v.has("streams") {
		limits.Streams = max(limits.Streams, limits.Timeout)
	}
	if v.has("streams") && limits.Streams < limits.Timeout {
		v.refuse("%s: streams (%s) must wait at least as long as timeout (%s)", v.title(), brief(limits.Streams), brief(limits.Timeout))
	}
	return limits
}
