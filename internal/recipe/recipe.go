// Package recipe writes the files that make a CI system deploy an app with
// teal. It is pure: an app in, texts out.
//
// The invariant: nothing a person wrote freely reaches a recipe. What stands
// in one is of an alphabet that means nothing to YAML, Groovy or a shell:
// names that teal.yaml's reader has parsed, and paths and variables that are
// parsed here.
package recipe

import (
	"bytes"
	"embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"teal/internal/release"
)

// System is a CI system.
type System string

// The systems.
const (
	GitHub     System = "github"
	GitLab     System = "gitlab"
	Jenkins    System = "jenkins"
	CodeDeploy System = "codedeploy"
)

// Systems are all of them.
var Systems = []System{GitHub, GitLab, Jenkins, CodeDeploy}

// File is a file of a recipe.
type File struct {
	Path       string // from the repository's root, with slashes
	Text       string
	Comment    string // what begins a comment in it
	Executable bool
}

// Place is where the app lies in its repository, and what its compose files
// want to know.
type Place struct {
	File      string   // teal.yaml, from the repository's root, with slashes
	Compose   []string // the compose files, likewise
	Variables []string // that the compose files are interpolated with
}

//go:embed templates
var folder embed.FS

// templates are written between <% and %>: GitHub has ${{ }} for itself.
var templates = template.Must(template.New("").Delims("<%", "%>").ParseFS(folder, "templates/*"))

// parts are the files of each system.
var parts = map[System][]struct {
	template string
	file     File
}{
	GitHub:  {{"github.yml", File{Path: ".github/workflows/deploy.yml", Comment: "#"}}},
	GitLab:  {{"gitlab.yml", File{Path: ".gitlab-ci.yml", Comment: "#"}}},
	Jenkins: {{"Jenkinsfile", File{Path: "Jenkinsfile", Comment: "//"}}},
	CodeDeploy: {
		{"appspec.yml", File{Path: "appspec.yml", Comment: "#"}},
		{"teal-deploy.sh", File{Path: "scripts/teal-deploy.sh", Comment: "#", Executable: true}},
	},
}

// Recipe writes the files of a system for the app.
func Recipe(s System, app release.App, at Place) ([]File, error) {
	f, err := gather(s, app, at)
	if err != nil {
		return nil, err
	}
	var files []File
	for _, p := range parts[s] {
		var text bytes.Buffer
		if err := templates.ExecuteTemplate(&text, p.template, f); err != nil {
			return nil, fmt.Errorf("write the recipe %s: %w", p.file.Path, err)
		}
		p.file.Text = text.String()
		files = append(files, p.file)
	}
	return files, nil
}

// Parse reads the name of a system.
func Parse(name string) (System, error) {
	if slices.Contains(Systems, System(name)) {
		return System(name), nil
	}
	var names []string
	for _, s := range Systems {
		names = append(names, string(s))
	}
	return "", &release.Error{
		Code: release.Invalid, What: fmt.Sprintf("there is no recipe for %.40q: known are %s", name, strings.Join(names, ", ")),
		State: "nothing was written", Next: "teal ci github",
	}
}

// interpolated is a variable in a compose file: $NAME, ${NAME}, ${NAME:-1}.
var interpolated = regexp.MustCompile(`\$(\$|\{?([A-Za-z_][A-Za-z0-9_]*))`)

// Variables are those that a compose file is interpolated with, but for
// teal's own, each once.
func Variables(text string) []string {
	var names []string
	for _, m := range interpolated.FindAllStringSubmatch(text, -1) {
		if name := m[2]; name != "" && !strings.HasPrefix(name, "TEAL_") && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
