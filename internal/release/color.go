package release

import "fmt"

// Color is one of the two slots an app is released into.
type Color string

// The two colors. None is the color of an app that was never released.
const (
	Blue  Color = "blue"
	Green Color = "green"
	None  Color = ""
)

// Colors lists both colors in the order they are printed.
var Colors = []Color{Blue, Green}

// Other returns the color that c is not. The other of None is Blue, so a
// first release goes to blue.
func (c Color) Other() Color {
	if c == Blue {
		return Green
	}
	return Blue
}

// ParseColor reads "blue" or "green".
func ParseColor(s string) (Color, error) {
	switch Color(s) {
	case Blue, Green:
		return Color(s), nil
	}
	return None, fmt.Errorf("%q is not a color: blue or green", s)
}
