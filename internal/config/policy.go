package config

import (
	"slices"
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

func (d *draft) policy() kind[release.Policy] {
	return object(defaultPolicy(), policyKeys, nil)
}

func policyKeys(p *release.Policy) []key {
	return []key{
		set("release", &p.Command, optional(command()),
			"A command that runs once per release, in the new image, before the new color starts: a database migration. While it runs the old color serves, so what it changes must suit both."),
		set("drain", &p.Drain, drain(p.Drain), "How long the old color is waited for after traffic has left it. What isn't done by then is cut, and the receipt counts it."),
		set("standby", &p.Standby, choice(same(release.StandbyCold, release.StandbyWarm, release.StandbyNone)...),
			"What becomes of the old color: `cold` stops its containers and keeps them, `warm` leaves them running so that a rollback takes milliseconds, `none` removes them."),
		set("keep", &p.Keep, number(2, 1000), "How many releases stay in history with their images, and can be rolled back to."),
		set("witness", &p.Witness, witness(p.Witness), "The outside client that asks the site all through a deploy and counts what it lost."),
	}
}

func witness(usual release.WitnessPolicy) kind[release.WitnessPolicy] {
	return object(usual, func(w *release.WitnessPolicy) []key {
		return []key{
			set("off", &w.Off, toggle(), "Leave the witness out."),
			set("rate", &w.Rate, number(1, 1000), "Requests a second, over all routes."),
		}
	}, nil)
}

// drain is the limits. Streams wait at least as long as requests: they are
// told apart only by having outlived them.
func drain(usual release.DrainLimits) kind[release.DrainLimits] {
	return object(usual, func(l *release.DrainLimits) []key {
		return []key{
			set("timeout", &l.Timeout, span(0, longest), "How long plain requests may take to end."),
			set("streams", &l.Streams, span(0, longest), "How long WebSockets and other streams may go on; at least `timeout`."),
		}
	}, checkDrain)
}

func checkDrain(l *release.DrainLimits, v value) {
	if !v.has("streams") {
		l.Streams = max(l.Streams, l.Timeout)
	}
	if v.has("streams") && l.Streams < l.Timeout {
		v.refuse("%s: streams (%s) must wait at least as long as timeout (%s)", v.title(), brief(l.Streams), brief(l.Timeout))
	}
}

func command() kind[release.Command] {
	return object(release.Command{Timeout: 10 * time.Minute}, func(c *release.Command) []key {
		return []key{
			set("service", &c.Service, serviceName(), "The colored service whose image, environment and volumes the command gets.").
				must("no service: write it as {service: web, command: [bin/migrate]}"),
			set("command", &c.Argv, arguments("[bin/migrate, --all]"), "The command, an argument each: no shell reads it.").
				must("no command: write it as {service: web, command: [bin/migrate]}"),
			set("timeout", &c.Timeout, span(time.Second, longest), "How long it may take, its start by Docker included; after that the release has failed."),
		}
	}, nil)
}

// checkCommand refuses a release command in a service that isn't colored: it
// runs in the new release's image, and only colored services have one.
func (d *draft) checkCommand(root value) {
	c := d.app.Policy.Command
	if c == nil || c.Service == "" {
		return
	}
	if known := d.serviceNames(); !slices.Contains(known, c.Service) {
		at := root.entry("deploy").entry("release").entry("service")
		at.refuse("%s: no service %q in services: %s", at.title(), c.Service, suggest(c.Service, known))
	}
}
