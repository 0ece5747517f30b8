package release

import (
	"encoding/json"
	"fmt"
)

// deployed is what of an app belongs to a release rather than to the moment.
type deployed struct {
	Services []Service
	Routes   []Route
	Site     Site
}

// Deployed writes down what of the app a release that comes back must come
// with, whatever teal.yaml says by then. Of equal apps it is the same text.
func (a App) Deployed() ([]byte, error) {
	text, err := json.Marshal(deployed{a.Services, a.Routes, a.Site})
	if err != nil {
		return nil, fmt.Errorf("write down how %s is deployed: %w", a.Name, err)
	}
	return text, nil
}

// As is the app as a release of it was deployed; where that was not written
// down it is the app as it is.
func (a App) As(text []byte) (App, error) {
	if len(text) == 0 {
		return a, nil
	}
	var was deployed
	if err := json.Unmarshal(text, &was); err != nil {
		return a, fmt.Errorf("read how %s was deployed: %w", a.Name, err)
	}
	a.Services, a.Routes = was.Services, was.Routes
	// The server blocks of an adopted site are what somebody makes of them, not
	// a release's; nor does a release from before bring a block of its own back.
	if a.Site.Adopted == nil && was.Site.Adopted == nil {
		a.Site = was.Site
	}
	return a, nil
}
