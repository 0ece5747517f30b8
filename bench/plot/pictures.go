package main

import (
	"strings"

	"teal/bench/growth/figures"
	"teal/bench/spread"
)

// drawGrowth draws what was measured of growth, by file name.
func drawGrowth(g figures.Growth) map[string][]byte {
	pictures := map[string][]byte{}
	if g.Apps != nil {
		pictures["growth-cost.svg"] = costs(g.Apps.Points).svg()
		pictures["growth-times.svg"] = times(g.Apps.Points).svg()
		pictures["growth-memory.svg"] = memory(g.Apps.Points).svg()
	}
	if g.Services != nil || g.Replicas != nil {
		pictures["growth-deploy.svg"] = deploys(g.Services, g.Replicas).svg()
	}
	return pictures
}

func over(points []figures.AppsPoint, of func(figures.AppsPoint) spread.Spread) []point {
	var list []point
	for _, p := range points {
		list = append(list, point{float64(p.Apps), of(p)})
	}
	return list
}

const appsAxis = "apps on one nginx"

func costs(points []figures.AppsPoint) lines {
	return lines{
		title: "Cost of a request as apps grow in number", x: appsAxis, y: "processor time of the proxy, µs", logX: true,
		series: []series{
			{"teal, one app asked", teal, "", over(points, func(p figures.AppsPoint) spread.Spread { return p.One })},
			{"teal, all asked in turn", tealToo, "", over(points, func(p figures.AppsPoint) spread.Spread { return p.All })},
			{"by hand, one site asked", other, "5 4", over(points, func(p figures.AppsPoint) spread.Spread { return p.StaticOne })},
			{"by hand, all asked in turn", third, "5 4", over(points, func(p figures.AppsPoint) spread.Spread { return p.StaticAll })},
		},
	}
}

func times(points []figures.AppsPoint) lines {
	return lines{
		title: "What a change takes as apps grow in number", x: appsAxis, y: "time, ms", logX: true, logY: true,
		series: []series{
			{"switch, confirmed", teal, "", over(points, func(p figures.AppsPoint) spread.Spread { return p.Switch })},
			{"render all", tealToo, "", over(points, func(p figures.AppsPoint) spread.Spread { return p.Render })},
			{"nginx -t", other, "", over(points, func(p figures.AppsPoint) spread.Spread { return p.Test })},
			{"nginx's reload", third, "", over(points, func(p figures.AppsPoint) spread.Spread { return p.Reload })},
			{"teal's change of a shape", quiet, "", over(points, func(p figures.AppsPoint) spread.Spread { return p.Change })},
		},
	}
}

func memory(points []figures.AppsPoint) lines {
	return lines{
		title: "Memory as apps grow in number", x: appsAxis, y: "resident, MiB", logX: true,
		series: []series{
			{"teal's nginx, its worker", teal, "", over(points, func(p figures.AppsPoint) spread.Spread { return p.Worker })},
			{"teal itself, while it runs", tealToo, "", over(points, func(p figures.AppsPoint) spread.Spread { return p.Teal })},
			{"by hand, the worker", other, "5 4", over(points, func(p figures.AppsPoint) spread.Spread { return p.StaticWorker })},
		},
	}
}

func deploys(services, replicas *figures.Deploys) lines {
	c := lines{title: "Overhead of a deploy as the app grows", x: "services, or replicas of one", y: "overhead, ms"}
	for _, k := range []struct {
		of          *figures.Deploys
		name, color string
	}{{services, "services", teal}, {replicas, "replicas", other}} {
		if k.of == nil {
			continue
		}
		var all, own []point
		for _, p := range k.of.Points {
			all, own = append(all, point{float64(p.Count), p.Overhead}), append(own, point{float64(p.Count), p.Beyond})
		}
		c.series = append(c.series,
			series{k.name + ", beyond Docker", k.color, "", own},
			series{k.name + ", with removals", k.color, "5 4", all})
	}
	return c
}

// drawPeers draws the comparison, by file name.
func drawPeers(p peers) map[string][]byte {
	pictures := map[string][]byte{}
	for _, k := range []struct{ file, part, title, x string }{
		{"peers-cost.svg", "cost", "Cost of a request by proxy", "processor time of the proxy, µs"},
		{"peers-lost.svg", "loss", "Requests lost in 100 switches by proxy", "requests lost, 64 connections, 5 ms between two"},
	} {
		if rows := rowsOf(p, k.part); len(rows) > 0 {
			pictures[k.file] = bars{k.title, k.x, rows}.svg()
		}
	}
	return pictures
}

// rowsOf are the figures of a part, one for each proxy: the first that is told
// of it. What is set off explains another.
func rowsOf(p peers, part string) []bar {
	var rows []bar
	seen := map[string]bool{}
	for _, f := range p.Figures {
		if f.Part != part || seen[f.Peer] || strings.HasPrefix(f.Peer, " ") {
			continue
		}
		seen[f.Peer] = true
		color := other
		if strings.HasPrefix(f.Peer, "teal") {
			color = teal
		}
		rows = append(rows, bar{f.Peer, color, f.Median, f.Min, f.Max})
	}
	return rows
}
