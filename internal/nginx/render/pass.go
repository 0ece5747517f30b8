package render

// pass is what one location needs to hand a request to one color.
type pass struct {
	Route    route
	Color    string
	Upstream string
	Stream   bool
	Header   bool
}

// Pass is called by the template, which prints both colors and both kinds of
// traffic from one piece of text.
func (v view) Pass(r route, color, stream string) pass {
	return pass{
		Route:    r,
		Color:    color,
		Upstream: "teal_" + v.App + "_" + r.Service + "_" + color + stream,
		Stream:   stream != "",
		Header:   v.Header,
	}
}
