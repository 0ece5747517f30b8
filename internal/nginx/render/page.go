package render

import (
	"maps"
	"path"
	"slices"
	"strconv"
)

// page is an error page: a file that answers in the place of nginx's own text.
type page struct {
	Status int
	File   string
	Type   string
}

func pages(files map[int]string) []page {
	var list []page
	for _, status := range slices.Sorted(maps.Keys(files)) {
		list = append(list, page{status, files[status], typeOf(files[status])})
	}
	return list
}

// URI is where the page stands. No route may begin with it.
func (p page) URI() string { return "/.teal/page/" + strconv.Itoa(p.Status) }

// typeOf doesn't depend on the types that this nginx may or may not know.
func typeOf(file string) string {
	known := map[string]string{".html": "text/html", ".htm": "text/html", ".json": "application/json", ".txt": "text/plain", ".xml": "application/xml", ".svg": "image/svg+xml"}
	if t := known[path.Ext(file)]; t != "" {
		return t
	}
	return "text/html"
}
