package main

import "teal/bench/spread"

// Where the parts of a chart lie.
const (
	width, height   = 720.0, 380.0
	left, right     = 70.0, 700.0
	top, bottom     = 74.0, 322.0
	rowHeight       = 34.0
	nameWidth       = 250.0
	keyTop, keyStep = 44.0, 16.0
)

// The colors, legible on light and on dark: teal's own and others'.
const (
	teal    = "#0f9d94"
	tealToo = "#7c5cff"
	other   = "#d97706"
	third   = "#e0518d"
	quiet   = "#8b949e"
)

// lines is a chart of figures over a growing number.
type lines struct {
	title, x, y string // axes with their units
	logX, logY  bool
	series      []series
}

// series is one line. Each point shows its median, with the range in which
// all rounds were.
type series struct {
	name, color, dash string
	points            []point
}

type point struct {
	x float64
	y spread.Spread
}

func (c lines) svg() []byte {
	d := &drawing{width: width, height: height}
	x, y := c.scales()
	d.text(left, 24, from, "title", c.title)
	c.axes(d, x, y)
	for _, s := range c.series {
		s.draw(d, x, y)
	}
	c.key(d)
	return d.svg(c.title)
}

func (c lines) scales() (x, y scale) {
	var xs, ys []float64
	for _, s := range c.series {
		for _, p := range s.points {
			xs, ys = append(xs, p.x), append(ys, p.y.Min, p.y.Max)
		}
	}
	x, y = span(xs, c.logX), span(ys, c.logY)
	x.from, x.to, y.from, y.to = left, right-10, bottom, top
	return x, y
}

func (c lines) axes(d *drawing, x, y scale) {
	for _, v := range y.ticks() {
		d.line(left, y.at(v), right, y.at(v), "grid")
		d.text(left-8, y.at(v)+4, until, "", number(v))
	}
	for _, v := range x.ticks() {
		d.line(x.at(v), bottom, x.at(v), bottom+5, "axis")
		d.text(x.at(v), bottom+20, around, "", number(v))
	}
	d.line(left, bottom, right, bottom, "axis")
	d.text((left+right)/2, bottom+42, around, "", c.x)
	d.upright(18, (top+bottom)/2, c.y)
}

func (s series) draw(d *drawing, x, y scale) {
	var line [][2]float64
	for _, p := range s.points {
		line = append(line, [2]float64{x.at(p.x), y.at(p.y.P50)})
	}
	d.stroke(line, s.color, s.dash)
	for _, p := range s.points {
		d.stroke([][2]float64{{x.at(p.x), y.at(p.y.Min)}, {x.at(p.x), y.at(p.y.Max)}}, s.color, "")
		d.dot(x.at(p.x), y.at(p.y.P50), s.color)
	}
}

// key names the lines, three in a row.
func (c lines) key(d *drawing) {
	for i, s := range c.series {
		x, y := left+float64(i%3)*215, keyTop+float64(i/3)*keyStep
		d.stroke([][2]float64{{x, y - 4}, {x + 22, y - 4}}, s.color, s.dash)
		d.text(x+28, y, from, "", s.name)
	}
}

// bars is a chart that compares.
type bars struct {
	title, x string // axis with its unit
	rows     []bar
}

type bar struct {
	name  string
	color string
	value float64
	from  float64 // the range of all rounds
	to    float64
}

func (c bars) svg() []byte {
	d := &drawing{width: width, height: top + rowHeight*float64(len(c.rows)) + 40}
	var values []float64
	for _, b := range c.rows {
		values = append(values, b.value, b.to)
	}
	x := span(values, false)
	x.from, x.to = left+nameWidth-40, right-60
	d.text(20, 24, from, "title", c.title)
	end := top - 24 + rowHeight*float64(len(c.rows))
	for _, v := range x.ticks() {
		d.line(x.at(v), top-30, x.at(v), end, "grid")
		d.text(x.at(v), end+16, around, "", number(v))
	}
	d.text((x.from+x.to)/2, end+36, around, "", c.x)
	for i, b := range c.rows {
		b.draw(d, x, top-24+rowHeight*float64(i))
	}
	return d.svg(c.title)
}

func (b bar) draw(d *drawing, x scale, y float64) {
	d.text(x.from-8, y+16, until, "", b.name)
	d.box(x.from, y, max(x.at(b.value)-x.from, 1), rowHeight-12, b.color)
	if b.to > b.from {
		d.line(x.at(b.from), y+11, x.at(b.to), y+11, "axis")
	}
	d.text(max(x.at(b.value), x.at(b.to))+6, y+16, from, "", number(b.value))
}
