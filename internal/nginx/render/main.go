package render

import (
	"bytes"
	_ "embed"
	"fmt"
	"regexp"
	"text/template"
)

//go:embed main.tmpl
var mainText string

var mainTemplate = template.Must(template.New("main").Parse(mainText))

var userForm = regexp.MustCompile(`^[a-z_][a-z0-9_-]*$`)

// Main renders the main configuration of teal's own nginx. The user is whom
// the workers run as; it must be "" where the master isn't root.
func Main(root, user string) ([]byte, error) {
	if err := match("state root", root, fileForm); err != nil {
		return nil, fmt.Errorf("render nginx config: %w", err)
	}
	if user != "" && !userForm.MatchString(user) {
		return nil, fmt.Errorf("render nginx config: user %q is not allowed", user)
	}
	var text bytes.Buffer
	err := mainTemplate.Execute(&text, struct{ Root, User string }{root, user})
	if err != nil {
		return nil, fmt.Errorf("render nginx config: %w", err)
	}
	return text.Bytes(), nil
}
