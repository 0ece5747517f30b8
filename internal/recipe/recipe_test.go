package recipe

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"teal/internal/release"
)

func voda() release.App {
	return release.App{
		Name:     "voda",
		Services: []release.Service{{Name: "web", Health: release.Health{Timeout: time.Minute}}},
		Site:     release.Site{Hosts: []string{"*.voda.example", "voda.example"}, TLS: &release.TLS{}},
		Policy:   release.Policy{Drain: release.DrainLimits{Timeout: 30 * time.Second, Streams: 5 * time.Minute}},
		Notify: []release.Notify{
			{Kind: release.NotifySlack, URL: release.Secret{Env: "SLACK_WEBHOOK_URL"}},
			{Kind: release.NotifyWebhook, URL: release.Secret{File: "/etc/hook"}, Key: release.Secret{Env: "HOOK_SECRET"}},
		},
	}
}

// small has nothing that a recipe could add.
func small() release.App { return release.App{Name: "shop"} }

var (
	deep = Place{File: "deploy/teal.yaml", Compose: []string{"deploy/compose.yaml"}, Variables: []string{"VERSION", "DB_PASSWORD", "POSTGRES_VERSION"}}
	flat = Place{File: "teal.yaml", Compose: []string{"compose.yaml"}}
)

// variants are apps and places that bring out each part of the templates.
var variants = []struct {
	name string
	app  release.App
	at   Place
}{
	{"full", voda(), deep}, {"small", small(), flat}, {"variables alone", small(), deep}, {"variables that nobody knows", small(), Place{File: "teal.yaml", Variables: []string{"PORT"}}}, {"secrets alone", voda(), Place{File: "teal.yml"}},
}

// made is a system's file for the app.
func made(t *testing.T, s System, app release.App, at Place, path string) string {
	t.Helper()
	files, err := Recipe(s, app, at)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.Path == path {
			return f.Text
		}
	}
	t.Fatalf("%s has no %s", s, path)
	return ""
}

func TestEveryRecipeIsTextThatIsWhole(t *testing.T) {
	for _, v := range variants {
		for _, s := range Systems {
			files, err := Recipe(s, v.app, v.at)
			if err != nil || len(files) == 0 {
				t.Fatal(s, files, err)
			}
			for _, f := range files {
				for i, line := range strings.Split(strings.TrimSuffix(f.Text, "\n"), "\n") {
					if strings.TrimRight(line, " \t") != line || strings.Contains(line, "<no value>") || strings.Contains(line, "<%") {
						t.Errorf("%s, %s:%d: %q", v.name, f.Path, i+1, line)
					}
				}
				if !strings.Contains(f.Text, v.app.Name) || !strings.HasSuffix(f.Text, "\n") || strings.Contains(f.Text, "\n\n\n") {
					t.Errorf("%s, %s is not whole:\n%s", v.name, f.Path, f.Text)
				}
			}
		}
	}
}

func TestRecipesAreOfThisApp(t *testing.T) {
	for _, tc := range []struct {
		system System
		path   string
		want   []string
	}{
		{GitHub, ".github/workflows/deploy.yml", []string{
			"group: teal-voda", "cancel-in-progress: false", "url: https://voda.example\n", "SLACK_WEBHOOK_URL: ${{ secrets.SLACK_WEBHOOK_URL }}", "HOOK_SECRET: ${{ secrets.HOOK_SECRET }}",
			"\n      VERSION: ${{ inputs.version || github.sha }}\n", "\n      # DB_PASSWORD: ${{ secrets.DB_PASSWORD }}\n", "\n      # POSTGRES_VERSION: ${{ vars.POSTGRES_VERSION }}\n", "teal -f deploy/teal.yaml deploy", "(deploy/compose.yaml)",
			"teal --host ssh://deploy@voda.example -f /srv/voda/deploy/teal.yaml --env VERSION --env SLACK_WEBHOOK_URL --env HOOK_SECRET deploy",
		}},
		{GitLab, ".gitlab-ci.yml", []string{"resource_group: teal-voda", "url: https://voda.example\n", "exit_codes: [4]", "#   HOOK_SECRET", "#   DB_PASSWORD (masked)", "#   POSTGRES_VERSION\n", "teal -f deploy/teal.yaml deploy"}},
		{Jenkins, "Jenkinsfile", []string{"disableConcurrentBuilds()", "SLACK_WEBHOOK_URL = credentials('SLACK_WEBHOOK_URL')", "-f /srv/voda/deploy/teal.yaml", "wsl --exec teal", "ssh://deploy@voda.example",
			// teal --host refuses a name that isn't set: only what the file sets is named.
			" --env VERSION --env SLACK_WEBHOOK_URL --env HOOK_SECRET ${words}", `"WSLENV=VERSION/u:SLACK_WEBHOOK_URL/u:HOOK_SECRET/u:${env.WSLENV ?: ''}"`,
			`List given = ["VERSION=${chosenVersion()}"]`, "string(name: 'DEPLOY_VERSION'", "params.DEPLOY_VERSION ?: env.GIT_COMMIT", "withEnv(given) {", "DB_PASSWORD = credentials('DB_PASSWORD')"}},
		{CodeDeploy, "appspec.yml", []string{"destination: /srv/voda", "health 1m0s, drain 30s, of streams 5m0s"}},
		{CodeDeploy, "scripts/teal-deploy.sh", []string{"exec teal -f /srv/voda/deploy/teal.yaml deploy", "SLACK_WEBHOOK_URL=…", "HOOK_SECRET=…", "DB_PASSWORD=…"}},
	} {
		text := made(t, tc.system, voda(), deep, tc.path)
		for _, want := range tc.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %q:\n%s", tc.path, want, text)
			}
		}
	}
}

func TestWhatAnAppHasNotIsNotInItsRecipe(t *testing.T) {
	for _, s := range Systems {
		files, err := Recipe(s, small(), flat)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			for _, odd := range []string{"inputs", "parameters", "withEnv", "WSLENV=", "DEPLOYMENT_ID", "production", "secrets", "credentials", "variables:", "may wait longer", "/etc/default", "-f teal.yaml"} {
				if strings.Contains(f.Text, odd) && odd != "variables:" && !(s == GitHub && odd == "secrets") {
					t.Errorf("%s of a small app has %q:\n%s", f.Path, odd, f.Text)
				}
			}
		}
	}
}

// A path is the one thing in a recipe that teal.yaml's reader has not parsed.
func TestAPathThatMeansSomethingToAShellIsRefused(t *testing.T) {
	for _, bad := range []string{"", "../teal.yaml", "/srv/teal.yaml", "my app/teal.yaml", "$(id)/teal.yaml", "a;b/teal.yaml", "a'b/teal.yaml", "-rf/teal.yaml", "a\nb/teal.yaml", "a${b}/teal.yaml", "ä/teal.yaml"} {
		for _, at := range []Place{{File: bad}, {File: "teal.yaml", Compose: []string{bad}}} {
			if _, err := Recipe(GitHub, small(), at); release.CodeOf(err) != release.Invalid {
				t.Errorf("%q is taken: %v", bad, err)
			}
		}
	}
	at := flat
	at.Variables = []string{"A;id", "$(id)", "OK"}
	if text := made(t, GitHub, small(), at, ".github/workflows/deploy.yml"); strings.Contains(text, "id)") || strings.Contains(text, "A;id") || !strings.Contains(text, "vars.OK") {
		t.Errorf("a variable that is none is in\n%s", text)
	}
}

func TestVariablesOfAComposeFileAreFoundOnce(t *testing.T) {
	const text = "image: web:${VERSION:-1}\nenv: {A: $PLAIN, B: \"$$NOT $${NOT}\", C: \"${VERSION}\", D: ${TEAL_COLOR}, E: '${LONG_1?it must be set}'}"
	if diff := cmp.Diff([]string{"VERSION", "PLAIN", "LONG_1"}, Variables(text)); diff != "" {
		t.Error(diff)
	}
}

// A commit given to what names the version of somebody else's image would be
// an image that is nowhere.
func TestOnlyWhatNamesTheAppsOwnVersionIsGivenTheCommit(t *testing.T) {
	app := release.App{Name: "my-shop", Services: []release.Service{{Name: "web"}}}
	for name, want := range map[string]bool{
		"VERSION": true, "TAG": true, "IMAGE_TAG": true, "GIT_COMMIT": true, "COMMIT_SHA": true, "app_version": true, "WEB_TAG": true, "MY_SHOP_VERSION": true, "REVISION": true,
		"POSTGRES_VERSION": false, "NODE_VERSION": false, "STAGE": false, "CONVERSION": false, "API_TAG": false, "TAGS": false,
	} {
		if namesVersion(app, name) != want {
			t.Errorf("%s: %t", name, !want)
		}
	}
	at := Place{File: "teal.yaml", Variables: []string{"CI_COMMIT_SHA", "GITHUB_SHA"}}
	if text := made(t, GitLab, app, at, ".gitlab-ci.yml"); strings.Contains(text, ` CI_COMMIT_SHA: `) || !strings.Contains(text, `    GITHUB_SHA: "$CI_COMMIT_SHA"`) {
		t.Errorf("GitLab's own variable is given to itself:\n%s", text)
	}
}

func TestAnUnknownSystemIsRefusedWithTheKnownOnes(t *testing.T) {
	if _, err := Parse("travis"); release.CodeOf(err) != release.Invalid || !strings.Contains(err.Error(), "github, gitlab, jenkins, codedeploy") {
		t.Error(err)
	}
	for _, s := range Systems {
		if got, err := Parse(string(s)); got != s || err != nil {
			t.Error(got, err)
		}
	}
}

func TestTheAppSpecHasTheHookOfApplicationStart(t *testing.T) {
	var spec struct {
		Version float64
		OS      string
		Files   []struct{ Source, Destination string }
		Hooks   map[string][]struct {
			Location string
			Timeout  int
			Runas    string
		}
		Exists string `yaml:"file_exists_behavior"`
	}
	for _, v := range variants {
		if err := yaml.Load([]byte(made(t, CodeDeploy, v.app, v.at, "appspec.yml")), &spec, yaml.WithKnownFields()); err != nil {
			t.Fatal(err)
		}
		hook := spec.Hooks["ApplicationStart"]
		if spec.OS != "linux" || len(spec.Files) != 1 || len(hook) != 1 || hook[0].Location != "scripts/teal-deploy.sh" || hook[0].Timeout != 180 {
			t.Errorf("%s: %+v", v.name, spec)
		}
	}
}

// No Groovy runs here: what a slip of the template would break is looked at,
// brackets and quotes outside of comments and strings.
func TestTheJenkinsfileClosesWhatItOpens(t *testing.T) {
	for _, v := range variants {
		if what := unbalanced(made(t, Jenkins, v.app, v.at, "Jenkinsfile")); what != "" {
			t.Errorf("%s: %s", v.name, what)
		}
	}
	for _, broken := range []string{"a {", "a }", "x('a", "f([)]"} {
		if unbalanced(broken) == "" {
			t.Errorf("%q passes", broken)
		}
	}
}

func unbalanced(text string) string {
	var open []rune
	for n, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "//") {
			continue
		}
		quote := rune(0)
		for _, r := range line {
			switch {
			case quote != 0:
				if r == quote {
					quote = 0
				}
			case r == '\'' || r == '"':
				quote = r
			case strings.ContainsRune("({[", r):
				open = append(open, r)
			case strings.ContainsRune(")}]", r):
				if len(open) == 0 || strings.IndexRune("({[", open[len(open)-1]) != strings.IndexRune(")}]", r) {
					return line
				}
				open = open[:len(open)-1]
			}
		}
		if quote != 0 {
			return strings.Repeat(" ", n%2) + line
		}
	}
	return string(open)
}
