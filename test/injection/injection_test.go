package injection

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"teal/internal/config"
)

// samples have every key whose value a person may choose.
var samples = []string{`app: voda
services:
  web: {port: 3000, replicas: 2, health: {http: /healthz, host: voda.example, body: ready}}
  java: {port: 8080, health: {exec: [check, -f]}}
site:
  hosts: [voda.example, "*.voda.example"]
  listen: ["80", "127.0.0.1:8080", "[::]:80"]
  tls: {listen: ["443"], cert: tls/voda.pem, key: /etc/tls/voda.key, acme: acme}
  redirect: 308
  trusted_proxies: [10.0.0.0/8]
  error_pages: {502: pages/502.html, 404: /srv/404.txt}
  gzip: true
  access_log: {path: /var/log/nginx/voda.log, format: json}
routes:
  - {path: /, to: web, options: {balance: least_conn, headers: {Strict-Transport-Security: "max-age=600; preload", X-A: '*'}}}
  - {path: /api/v1.0/, to: java, strip: true, max_body: 50m}
  - {path: /api/, to: java, options: {read_timeout: 2m, send_timeout: 90s, buffering: false, buffer_size: 16k, limit_rate: 500k}}
  - {path: /static/, files: ./static, options: {expires: 720h}}
proxy: {kind: host, bin: /usr/sbin/nginx, config: /etc/nginx/nginx.conf, sites: /etc/nginx/sites-enabled}
deploy: {release: {service: java, command: [migrate]}, drain: {timeout: 10s, streams: 1m}, standby: warm, keep: 7}
notify: [{slack: {url_env: SLACK_WEBHOOK_URL}}]
`, `app: voda
services: {web: {port: 80}, api: {port: 81}}
site: {hosts: [voda.example], adopted: {before: {web: shop_up, api: "127.0.0.1:8081"}, first: green}}
routes: [{path: /, to: web, options: {balance: least_conn}}, {path: /api/, to: api}]
proxy: host
`}

// ways are how a payload gets into a text.
var ways = []func(text, payload string) string{
	func(_, p string) string { return p },
	func(t, p string) string { return t + p },
	func(t, p string) string { return p + t },
	func(t, p string) string { return t[:len(t)/2] + p + t[len(t)/2:] },
}

// scalars are all texts of a document that a person chooses: the values, and
// the keys of those mappings whose keys are names.
func scalars(n *yaml.Node, named bool) (list []*yaml.Node) {
	switch n.Kind {
	case yaml.ScalarNode:
		return []*yaml.Node{n}
	case yaml.MappingNode:
		for i := 0; i < len(n.Content); i += 2 {
			if named {
				list = append(list, n.Content[i])
			}
			list = append(list, scalars(n.Content[i+1], slices.Contains(naming, n.Content[i].Value))...)
		}
		return list
	}
	for _, c := range n.Content {
		list = append(list, scalars(c, false)...)
	}
	return list
}

var naming = []string{"services", "error_pages", "headers", "before"}

// spoilt is a sample with one text changed, and why no YAML can say it.
func spoilt(t testing.TB, sample string, scalar int, way func(string, string) string, payload string) ([]byte, error) {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(sample), &doc); err != nil {
		t.Fatal(err)
	}
	list := scalars(&doc, false)
	n := list[scalar%len(list)]
	n.Value, n.Tag, n.Style = way(n.Value, payload), "!!str", yaml.DoubleQuotedStyle
	return yaml.Marshal(&doc)
}

// folder is one with a compose file, which teal.yaml can't be without.
func folder(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "compose.yaml"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// means checks a teal.yaml: either it is refused, or nginx sees what is meant.
// It says why it was refused, nil if it wasn't.
func means(t testing.TB, dir string, text []byte) (refused error) {
	t.Helper()
	file := filepath.Join(dir, "teal.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	app, err := config.Load(file)
	if err != nil {
		return err
	}
	got, err := tree(app, func(_, word string) string { return word })
	if err != nil {
		if strings.Contains(err.Error(), "could not read") {
			t.Errorf("%v\nof\n%s", err, text)
		}
		return err // a second look has refused it
	}
	w := words{}
	want, err := tree(w.neutral(app), w.back)
	if err != nil {
		t.Fatalf("the app with plain words can't be rendered: %v\n%s", err, text)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("nginx sees another tree than is meant, -meant +seen:\n%s\nof\n%s", diff, text)
	}
	return nil
}

func TestTheSamplesAreTakenAndMeanWhatTheySay(t *testing.T) {
	for _, sample := range samples {
		if err := means(t, folder(t), []byte(sample)); err != nil {
			t.Errorf("refused: %v\n%s", err, sample)
		}
	}
}

// Each public payload in each text, in one of the ways: the fuzz target below
// takes all of them, and goes on.
func TestNoPublicPayloadMeansAnythingToNginx(t *testing.T) {
	dir, tried, taken := folder(t), 0, 0
	for _, sample := range samples {
		var doc yaml.Node
		if err := yaml.Unmarshal([]byte(sample), &doc); err != nil {
			t.Fatal(err)
		}
		for scalar := range scalars(&doc, false) {
			for i, payload := range payloads {
				tried++
				text, err := spoilt(t, sample, scalar, ways[(scalar+i)%len(ways)], payload)
				if err != nil {
					t.Fatalf("%q: %v", payload, err)
				}
				if means(t, dir, text) == nil {
					taken++
				}
			}
		}
	}
	if taken == 0 || taken == tried {
		t.Errorf("%d of %d were taken: this shows nothing", taken, tried)
	}
	t.Logf("%d files: %d refused, %d taken for what they say", tried, tried-taken, taken)
}

func FuzzTealYamlToNginx(f *testing.F) {
	for i, payload := range payloads {
		f.Add(uint8(i), uint16(i*7), uint8(i), payload)
	}
	f.Fuzz(func(t *testing.T, sample uint8, scalar uint16, way uint8, payload string) {
		if text, err := spoilt(t, samples[int(sample)%len(samples)], int(scalar), ways[int(way)%len(ways)], payload); err == nil {
			means(t, folder(t), text)
		}
	})
}
