package config

import (
	"slices"
	"strings"
	"testing"
)

// base is a small file without mistakes. A mistake of the table below
// replaces it whole, or one of its lines.
const base = `app: voda
services: {web: {port: 80}}
routes: [{path: /, to: web}]
`

// mistakes are what people get wrong, and the line they are told, without
// "teal.yaml:". Lines after the third are added to base.
var mistakes = []struct{ text, want string }{
	// YAML
	{"", "1:1: the file is empty"},
	{"# nothing\n", "1:1: the file is empty"},
	{"app: [\n", "2:1: not YAML: did not find expected node content"},
	{"app:\n\tx: 1\n", "2:1: not YAML: found character that cannot start any token (tabs can't indent, and @ ` % need quotes)"},
	{"app: *voda\n", "1:6: not YAML: unknown anchor 'voda' referenced"},
	{base + "---\napp: two\n", "4:1: a second document: everything belongs in one"},
	{"app: v\xff\n", "1:7: byte 0xff is not text"},
	{"app: voda\nsite: \x01\n", "2:7: byte 0x01 is not text"},
	{base + "app: again\n", `4:1: key "app" comes twice in the file, first in line 1`},
	{base + "? [a]\n: b\n", "4:3: a key of the file must be plain text, not a list"},
	{base + "deploy: {<<: {keep: 3}}\n", `4:10: a key of deploy must be plain text, not "<<"`},
	// unknown keys
	{base + "sites: {}\n", `4:1: unknown key "sites" in the file: did you mean "site"?`},
	{base + "deploy: {canary: {}}\n", `4:10: unknown key "canary" in deploy: known are drain, keep, standby, witness`},
	{base + "deploy: {witnes: {}}\n", `4:10: unknown key "witnes" in deploy: did you mean "witness"?`},
	{base + "deploy: {drain: {time_out: 1s}}\n", `4:18: unknown key "time_out" in deploy.drain: did you mean "timeout"?`},
	// types
	{base + "site: voda.example\n", `4:7: site: want a mapping, not the text "voda.example"`},
	{base + "site: {hosts: voda.example}\n", `4:15: site.hosts: want a list, not the text "voda.example"`},
	{base + "site: {hosts: [1]}\n", `4:16: site.hosts[0]: want text, not the number 1`},
	{base + "deploy: {keep: '5'}\n", `4:16: deploy.keep: want a number, not the text "5"`},
	{base + "deploy: {keep: 0x10}\n", `4:16: deploy.keep: want a number, not the number 0x10`},
	{base + "deploy: {keep: 99999999999999999999}\n", `4:16: deploy.keep: want a number, not the number 99999999999999999999`},
	{base + "deploy: {keep: }\n", `4:16: deploy.keep: want a number, not nothing`},
	{base + "deploy: {witness: {off: yes}}\n", `4:25: deploy.witness.off: want true or false, not the text "yes"`},
	// durations
	{base + "deploy: {drain: {timeout: 5 seconds}}\n", `4:27: deploy.drain.timeout: "5 seconds" is not a duration: write it as 500ms, 30s, 2m or 1h30m`},
	{base + "deploy: {drain: {timeout: 1.5s}}\n", `4:27: deploy.drain.timeout: "1.5s" is not a duration: write it as 500ms, 30s, 2m or 1h30m`},
	{base + "deploy: {drain: {timeout: 30}}\n", `4:27: deploy.drain.timeout: 30 has no unit: write it as 500ms, 30s, 2m or 1h30m`},
	{base + "deploy: {drain: {timeout: 25h}}\n", `4:27: deploy.drain.timeout: 25h is out of range: 0s to 24h`},
	{base + "deploy: {drain: {timeout: 9999999999h}}\n", `4:27: deploy.drain.timeout: "9999999999h" is not a duration: write it as 500ms, 30s, 2m or 1h30m`},
	{base + "deploy: {drain: {timeout: 2m, streams: 90s}}\n", `4:17: deploy.drain: streams (1m30s) must wait at least as long as timeout (2m)`},
	// app
	{"services: {web: {port: 80}}\nroutes: [{path: /, to: web}]\n", "1:1: no app: name it, as in app: voda"},
	{strings.Replace(base, "voda", "voda-", 1), `1:6: app: "voda-" is not an app name: a letter, then letters, digits and single dashes, 32 at most, all lower case`},
	{strings.Replace(base, "voda", "vo--da", 1), `1:6: app: "vo--da" is not an app name: a letter, then letters, digits and single dashes, 32 at most, all lower case`},
	{strings.Replace(base, "voda", "1st", 1), `1:6: app: "1st" is not an app name: a letter, then letters, digits and single dashes, 32 at most, all lower case`},
	{strings.Replace(base, "voda", "a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a", 1), `1:6: app: "a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a" is longer than 32 letters`},
	{strings.Replace(base, "voda", "voda-green", 1), `1:6: app: "voda-green" ends like the color of another app: leave -green off`},
	// compose
	{base + "compose: nope.yaml\n", `4:10: compose: there is no file "nope.yaml"`},
	{base + "compose: [deploy]\n", `4:11: compose[0]: "deploy" is a folder, not a compose file`},
	{base + "compose: {files: []}\n", `4:18: compose.files: the list is empty: name a compose file or leave compose out`},
	{base + "compose: {}\n", "4:10: compose: no files: write it as compose: {files: [compose.yaml]}"},
	{base + "compose: ''\n", "4:10: compose: a file needs a name"},
	{base + "compose: {files: {files: a}}\n", "4:18: compose.files: want a file or a list of files, not a mapping"},
	// services
	{"app: voda\n", "1:1: no services: list those that run once per color, as in services: {web: {port: 8080}}"},
	{"app: voda\nservices: {}\n", "2:11: no services: list those that run once per color, as in services: {web: {port: 8080}}"},
	{"app: voda\nservices: [web]\n", "2:11: services: want a mapping, not a list"},
	{"app: voda\nservices: {-web: {}}\n", `2:12: "-web" is not a service name: letters, digits, dots, dashes and underscores, 50 at most, a letter or digit first`},
	{"app: voda\nservices: {web: {}, Web: {}}\n", `2:26: services "web" and "Web" have the same host name: rename one`},
	{"app: voda\nservices: {web-blue: {}, web: {}}\n", `2:31: service "web" becomes "web-blue" when it is blue, and a service has that name: rename one`},
	{"app: voda\nservices: {web: {port: 0}}\nroutes: [{path: /, to: web}]\n", "2:24: services.web.port: 0 is out of range: 1 to 65535"},
	{"app: voda\nservices: {web: {port: 65536}}\nroutes: [{path: /, to: web}]\n", "2:24: services.web.port: 65536 is out of range: 1 to 65535"},
	{"app: voda\nservices: {web: {replicas: 51}}\n", "2:28: services.web.replicas: 51 is out of range: 1 to 50"},
	{"app: voda\nservices: {web: {replicas: 0}}\n", "2:28: services.web.replicas: 0 is out of range: 1 to 50"},
	{"app: voda\nservices: {a: {replicas: 50}, b: {replicas: 14}}\n", "1:1: 64 replicas in all are too many: both colors must fit in the app's network, which has 126 addresses"},
	// health
	{"app: voda\nservices: {web: {health: {http: /}}}\n", "2:17: services.web: a http health check needs a port: give the service one, or the check"},
	{"app: voda\nservices: {web: {health: {tcp: true}}}\n", "2:17: services.web: a tcp health check needs a port: give the service one, or the check"},
	{"app: voda\nservices: {web: {health: {tcp: 80, up: true}}}\n", "2:26: services.web.health: tcp and up at once: keep one kind of check"},
	{"app: voda\nservices: {web: {health: {tcp: 80, port: 81}}}\n", "2:26: services.web.health: tcp and port both give a port: keep one"},
	{"app: voda\nservices: {web: {health: {tcp: false}}}\n", "2:32: services.web.health.tcp: write true or a port, or leave it out"},
	{"app: voda\nservices: {web: {health: {up: false}}}\n", "2:31: services.web.health.up: write true, or leave it out"},
	{"app: voda\nservices: {web: {health: {docker: 1}}}\n", "2:35: services.web.health.docker: want true, not the number 1"},
	{"app: voda\nservices: {web: {health: {up: true, body: ok}}}\n", "2:26: services.web.health: body is for http checks only"},
	{"app: voda\nservices: {web: {health: {up: true, port: 80}}}\n", "2:26: services.web.health: port is for http and tcp checks only"},
	{"app: voda\nservices: {web: {health: {exec: curl localhost}}}\n", `2:33: services.web.health.exec: want a list of arguments, as in [pg_isready, -q], not the text "curl localhost"`},
	{"app: voda\nservices: {web: {health: {exec: []}}}\n", "2:33: services.web.health.exec: no command to run"},
	{"app: voda\nservices: {web: {health: {exec: [\"a\\0\"]}}}\n", "2:34: services.web.health.exec[0]: an argument can't hold a NUL character"},
	{"app: voda\nservices: {web: {health: {http: healthz, port: 80}}}\n", `2:33: services.web.health.http: "healthz" is not a path: begin with /, then letters, digits and - . _ ~ / ? = & % + , : @`},
	{"app: voda\nservices: {web: {health: {http: /, port: 80, host: 'a b'}}}\n", `2:52: services.web.health.host: "a b" is not a host: write voda.example or voda.example:8080`},
	{"app: voda\nservices: {web: {health: {http: /, port: 80, status: 99}}}\n", `2:54: services.web.health.status: "99" is not a status: write 200, "200-399", or a list of them`},
	{"app: voda\nservices: {web: {health: {http: /, port: 80, status: 300-200}}}\n", `2:54: services.web.health.status: "300-200" is not a status: write 200, "200-399", or a list of them`},
	{"app: voda\nservices: {web: {health: {http: /, port: 80, status: []}}}\n", "2:54: services.web.health.status: the list is empty: name a status or leave it out"},
	{"app: voda\nservices: {web: {health: {http: /, port: 80, body: \"a\\e[1m\"}}}\n", `2:52: services.web.health.body: "a\x1b[1m" has characters that can't be printed`},
	{"app: voda\nservices: {web: {health: {up: true, answers: 101}}}\n", "2:46: services.web.health.answers: 101 is out of range: 1 to 100"},
	{"app: voda\nservices: {web: {health: {up: true, timeout: 5s, request: 6s}}}\n", "2:26: services.web.health: one request may take 6s, longer than the whole timeout of 5s"},
	// site
	{base + "site: {hosts: [voda_example]}\n", `4:16: site.hosts[0]: "voda_example" is not a host name: write voda.example or *.voda.example`},
	{base + "site: {hosts: ['a.*.b']}\n", `4:16: site.hosts[0]: "a.*.b" is not a host name: write voda.example or *.voda.example`},
	{base + "site: {hosts: [a.b, A.b]}\n", `4:21: site.hosts[1]: host "a.b" comes twice, first in line 4`},
	{base + "site: {listen: ['unix:/run/x.sock']}\n", `4:17: site.listen[0]: "unix:/run/x.sock" is not an address to listen on: write 80, 127.0.0.1:8080 or [::1]:8080`},
	{base + "site: {listen: ['::']}\n", `4:17: site.listen[0]: "::" is not an address to listen on: write 80, 127.0.0.1:8080 or [::1]:8080`},
	{base + "site: {listen: ['[fe80::1%eth0]:80']}\n", `4:17: site.listen[0]: "[fe80::1%eth0]:80" is not an address to listen on: write 80, 127.0.0.1:8080 or [::1]:8080`},
	{base + "site: {listen: ['0']}\n", `4:17: site.listen[0]: "0" is not an address to listen on: write 80, 127.0.0.1:8080 or [::1]:8080`},
	{base + "site: {listen: ['080']}\n", `4:17: site.listen[0]: "080" is not an address to listen on: write 80, 127.0.0.1:8080 or [::1]:8080`},
	{base + "site: {listen: [':80']}\n", `4:17: site.listen[0]: ":80" is not an address to listen on: write 80, 127.0.0.1:8080 or [::1]:8080`},
	{base + "site: {listen: [80, '0.0.0.0:80']}\n", `4:21: site.listen[1]: 0.0.0.0:80 comes twice, first in line 4`},
	{base + "site: {listen: [true]}\n", `4:17: site.listen[0]: want a port or an address with one, not "true"`},
	// routes
	{"app: voda\nservices: {web: {port: 80}}\n", "2:17: services.web has a port, but no route leads to any service: write routes: [{path: /, to: web}]"},
	{"app: voda\nservices: {web: {}}\nroutes: [{path: /, to: web}]\n", "3:24: routes[0].to: port missing: a route leads to service \"web\", so write services: {web: {port: 8080}}"},
	{base + "x: 1\n", `4:1: unknown key "x" in the file: known are app, compose, deploy, proxy, routes, services, site`},
	{strings.Replace(base, "to: web", "to: db", 1), `3:24: routes[0].to: no service "db" in services: known are web`},
	{strings.Replace(base, "to: web", "to: ''", 1), "3:24: routes[0].to: it leads nowhere: name a service"},
	{strings.Replace(base, ", to: web", "", 1), "3:10: routes[0]: it leads nowhere: write it as {path: /, to: web}"},
	{strings.Replace(base, "path: /, ", "", 1), "3:10: routes[0]: no path: write it as {path: /, to: web}"},
	{strings.Replace(base, "path: /", "path: a", 1), `3:17: routes[0].path: "a" is not a route's path: begin with /, then letters, digits and - . _ ~ /`},
	{strings.Replace(base, "path: /", "path: /a//b", 1), `3:17: routes[0].path: "/a//b" has an empty part: write single slashes`},
	{strings.Replace(base, "path: /", "path: /a/../b", 1), `3:17: routes[0].path: "/a/../b" has a .. part: write the path it leads to`},
	{strings.Replace(base, "path: /,", "path: /, max_body: 0,", 1), "3:30: routes[0].max_body: want a size, not the number 0: write 64k, 50m, 1g or unlimited"},
	{strings.Replace(base, "path: /,", "path: /, max_body: 9999999999g,", 1), "3:30: routes[0].max_body: 9999999999g is too large: write unlimited"},
	{"app: voda\nservices: {web: {port: 80}}\nroutes:\n  - {path: /a, to: web}\n  - {path: /a, to: web}\n", "5:12: two routes alike: /a in line 4 and in line 5"},
	// proxy
	{base + "proxy: hosts\n", `4:8: proxy: "hosts" is not known: did you mean "host"?`},
	{base + "proxy: container\n", `4:8: proxy: "container" is not known: known are standalone, host`},
	{base + "proxy: [standalone, host]\n", "4:8: proxy: teal can't drive a chain of 2 proxies yet: keep one"},
	{base + "proxy: []\n", "4:8: proxy: the list is empty: write standalone or host"},
	{base + "proxy: {bin: /usr/sbin/nginx}\n", "4:8: proxy: no kind: write kind: standalone or kind: host"},
	{base + "proxy: {kind: standalone, sites: /etc/nginx/conf.d}\n", "4:8: proxy: sites is for the host's nginx only: teal writes its own nginx's config"},
	{base + "proxy: {kind: host, config: nginx.conf}\n", `4:29: proxy.config: "nginx.conf" is not an absolute path of letters, digits and - . _ + /`},
	// deploy
	{base + "deploy: {standby: hot}\n", `4:19: deploy.standby: "hot" is not known: known are cold, warm, none`},
	{base + "deploy: {witness: {rate: 1001}}\n", "4:26: deploy.witness.rate: 1001 is out of range: 1 to 1000"},
}

func TestEachMistakeIsToldOnceAndAtItsPlace(t *testing.T) {
	folder(t, base)
	for _, m := range mistakes {
		write(t, "teal.yaml", m.text)
		_, err := Load("teal.yaml")
		if got := problems(t, err); !slices.Equal(got, []string{"teal.yaml:" + m.want}) {
			t.Errorf("%s\nwant %q\nhave %q", m.text, "teal.yaml:"+m.want, got)
		}
	}
}

func TestWhatIsUnusualButRightIsTaken(t *testing.T) {
	folder(t, base)
	for _, line := range []string{
		"proxy: [host]", "proxy: standalone", "compose: compose.yaml", "compose: [compose.yaml]", "deploy:", "site: {hosts:}",
		"deploy: {drain: {timeout: 0s}}", "deploy: {drain: {timeout: 10m}}", "site: {hosts: [localhost, 127.0.0.1]}",
		"site: {listen: ['80', '[::]:80', '[::1]:80', '127.0.0.1:80']}", "deploy: &d {keep: 3}\nproxy: &p host",
	} {
		write(t, "teal.yaml", base+line+"\n")
		if _, err := Load("teal.yaml"); err != nil {
			t.Errorf("%s: %q", line, problems(t, err))
		}
	}
}

func TestAnAliasIsReadAsWhatItRepeats(t *testing.T) {
	folder(t, "app: voda\nservices:\n  a: &a {port: 80, health: {answers: 9}}\n  b: *a\nroutes: [{path: /, to: b}]\n")
	app, err := Load("teal.yaml")
	if err != nil {
		t.Fatal(problems(t, err))
	}
	if b, _ := app.Service("b"); b.Port != 80 || b.Health.Answers != 9 {
		t.Errorf("b is %+v", b)
	}
	write(t, "teal.yaml", "app: voda\nservices: &s\n  a: *s\n")
	if _, err := Load("teal.yaml"); err == nil {
		t.Error("a mapping inside itself was taken")
	}
}
