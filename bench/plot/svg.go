package main

import (
	"fmt"
	"strings"
)

// drawing is a picture in SVG, written from back to front.
type drawing struct {
	width, height float64
	body          strings.Builder
}

// style suits light pages and dark ones: nothing is painted behind, and what
// is written follows the reader's scheme.
const style = `text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-size: 15px; font-weight: 600 }
.grid { stroke: #8b949e; stroke-opacity: .35 }
.axis { stroke: #8b949e }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } }`

// place is where the text stands from its point.
type place string

// The places of texts.
const (
	from   place = "start"
	around place = "middle"
	until  place = "end"
)

func (d *drawing) text(x, y float64, p place, class, text string) {
	if class != "" {
		class = fmt.Sprintf(` class="%s"`, class)
	}
	fmt.Fprintf(&d.body, `<text x="%.1f" y="%.1f" text-anchor="%s"%s>%s</text>`+"\n", x, y, p, class, escaped(text))
}

// upright is a text that is read from below.
func (d *drawing) upright(x, y float64, text string) {
	fmt.Fprintf(&d.body, `<text transform="translate(%.1f %.1f) rotate(-90)" text-anchor="middle">%s</text>`+"\n", x, y, escaped(text))
}

func (d *drawing) line(x1, y1, x2, y2 float64, class string) {
	fmt.Fprintf(&d.body, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" class="%s"/>`+"\n", x1, y1, x2, y2, class)
}

// stroke is a line in a color of its own.
func (d *drawing) stroke(points [][2]float64, color, dash string) {
	var list []string
	for _, p := range points {
		list = append(list, fmt.Sprintf("%.1f,%.1f", p[0], p[1]))
	}
	if dash != "" {
		dash = fmt.Sprintf(` stroke-dasharray="%s"`, dash)
	}
	fmt.Fprintf(&d.body, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"%s/>`+"\n", strings.Join(list, " "), color, dash)
}

func (d *drawing) dot(x, y float64, color string) {
	fmt.Fprintf(&d.body, `<circle cx="%.1f" cy="%.1f" r="3.5" fill="%s"/>`+"\n", x, y, color)
}

func (d *drawing) box(x, y, width, height float64, color string) {
	fmt.Fprintf(&d.body, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`+"\n", x, y, width, height, color)
}

// svg is the whole file. The title is also what is read aloud.
func (d *drawing) svg(title string) []byte {
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img">
<title>%s</title>
<style>%s</style>
%s</svg>
`, d.width, d.height, d.width, d.height, escaped(title), style, d.body.String())
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

func escaped(text string) string { return escaper.Replace(text) }
