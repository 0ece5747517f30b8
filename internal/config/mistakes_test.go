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

// What mistakes are made of: base with another service, a site, a route to
// files or an option; lines that are added.
const (
	route1 = "routes: [{path: /, to: web}]\n"
	ports  = "addresses: ports\n"
	pair   = "compose: {blue: blue.yaml, green: green.yaml}\n"
)

func withWeb(keys string) string { return strings.Replace(base, "port: 80", keys, 1) }
func site(keys string) string    { return base + "site: {" + keys + "}\n" }
func option(keys string) string {
	return strings.Replace(base, "path: /,", "path: /, options: {"+keys+"},", 1)
}
func files(keys string) string {
	return strings.Replace(base, route1, "routes:\n  - {path: /static/, "+keys+"}\n  - {path: /, to: web}\n", 1)
}

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
	{base + "deploy: {canary: {}}\n", `4:10: unknown key "canary" in deploy: known are drain, keep, release, standby, witness`},
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
	{base + "compose: {file: a}\n", `4:11: unknown key "file" in compose: did you mean "files"?`},
	{base + "compose: {files: compose.yaml, blue: blue.yaml}\n", "4:38: compose.blue: beside files, which are for both colors: keep files, or shared, blue and green"},
	{base + "compose: {blue: blue.yaml}\n", "4:10: compose: no files for green: write it as {shared: [compose.yaml], blue: [blue.yaml], green: [green.yaml]}"},
	{base + "compose: {shared: compose.yaml}\n", "4:10: compose: no files for blue: write it as {shared: [compose.yaml], blue: [blue.yaml], green: [green.yaml]}"},
	{base + "compose: {blue: blue.yaml, green: [blue.yaml]}\n", "4:10: compose: blue and green are the same files: write files, and teal colors them"},
	{base + "compose: {blue: blue.yaml, green: red.yaml}\n", `4:35: compose.green: there is no file "red.yaml"`},
	// addresses
	{base + "addresses: port\n", `4:12: addresses: "port" is not known: did you mean "ports"?`},
	{base + "addresses: ports\n", "2:17: services.web: no loopback ports, which addresses: ports asks for: write ports: {blue: 18080, green: 18081}"},
	{withWeb("port: 80, ports: {blue: 1, green: 2}"), "2:35: services.web.ports: loopback ports are for addresses: ports, which the file doesn't say"},
	{withWeb("port: 80, ports: {blue: 1001}") + ports, "2:35: services.web.ports: none for green: write ports: {blue: 18080, green: 18081}"},
	{withWeb("port: 80, ports: {blue: 1001, green: [1002, 1003]}") + ports, "2:55: services.web.ports.green: 2 for 1 replicas: each replica wants its own"},
	{withWeb("port: 80, replicas: 2, ports: {blue: 1001, green: [1002, 1003]}") + ports, "2:55: services.web.ports.blue: 1 for 2 replicas: each replica wants its own"},
	{withWeb("port: 80, ports: {blue: 1001, green: 1001}") + ports, "2:55: services.web.ports.green: port 1001 is taken by services.web.ports.blue: each replica of each color wants its own"},
	{withWeb("port: 80, ports: {blue: 80, green: 1001}") + ports, "2:42: services.web.ports.blue: port 80 is taken by standalone nginx: each replica of each color wants its own"},
	{withWeb("port: 80, ports: {blue: 81, green: 70000}") + ports, "2:53: services.web.ports.green: 70000 is out of range: 1 to 65535"},
	{withWeb("port: 80, ports: {blue: 81, green: []}") + ports, "2:53: services.web.ports.green: the list is empty: name a port for each replica"},
	{withWeb("port: 80, ports: {red: 81, blue: 82, green: 83}") + ports, `2:36: unknown key "red" in services.web.ports: known are blue, green`},
	{"app: voda\nservices: {web: {port: 80, ports: {blue: 81, green: 82}}, bg: {ports: {blue: 83, green: 84}}}\n" + route1 + ports,
		"2:71: services.bg.ports: the service has no port that they could lead to: write port: 8080 beside it"},
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
	{withWeb("port: 80, compose: {blue: a, green: b}"), "2:37: services.web.compose: names per color are for files per color: write compose: {blue: [blue.yaml], green: [green.yaml]}"},
	{withWeb("port: 80, compose: {blue: a b}") + pair, `2:44: services.web.compose.blue: "a b" is not a service name: letters, digits, dots, dashes and underscores, 50 at most, a letter or digit first`},
	{"app: voda\nservices: {web: {port: 80}, api: {compose: {blue: web}}}\n" + route1 + pair, `2:34: services.api: services "web" and "api" are both "web" in blue's compose files: keep one`},
	{withWeb("port: 80, compose: {blue: [a, b]}") + pair, "2:44: services.web.compose.blue: 2 names for 1 replicas: each replica wants its own"},
	{withWeb("port: 80, replicas: 2, compose: {blue: [a, a]}") + pair, `2:17: services.web: services "web" and "web" are both "a" in blue's compose files: keep one`},
	{withWeb("port: 80, compose: {blue: []}") + pair, "2:44: services.web.compose.blue: the list is empty: name a service for each replica"},
	{withWeb("port: 80, handoff: stop"), `2:37: services.web.handoff: "stop" is not known: known are overlap, stop-first`},
	{withWeb("port: 80, handoff: stop-first"), `3:24: routes[0].to: service "web" is stopped before its next release starts (handoff: stop-first), so its requests would be lost: no route may lead to it`},
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
	{site("tls: {key: a.key}"), "4:13: site.tls: no cert: name a PEM file, as in cert: tls/site.pem"},
	{site("tls: {cert: a.pem}"), "4:13: site.tls: no key: name a PEM file, as in key: tls/site.key"},
	{site("tls: {cert: 'a b.pem', key: a.key}"), `4:20: site.tls.cert: "a b.pem" is not a path of letters, digits and - . _ + /`},
	{site("tls: {cert: a.pem, key: a.pem, self_signed: true}"), "4:13: site.tls: cert and key are one file: teal makes two"},
	{site("tls: {cert: a.pem, key: a.key, listen: [80]}"), "4:7: site: 80 listens for plain HTTP and for HTTPS: keep one"},
	{site("tls: {cert: a.pem, key: a.key, http2: 1}"), "4:46: site.tls.http2: want true or false, not the number 1"},
	{site("tls: {cert: /, key: a.key}"), `4:20: site.tls.cert: the path is "/", which nginx's config can't hold: use a folder of letters, digits and - . _ + /`},
	{site("tls: {cert: a.pem, key: a.key}, redirect: 302"), "4:50: site.redirect: 302 is not known: write 301 or 308"},
	{site("redirect: 308"), "4:18: site.redirect: there is no HTTPS to lead to: write tls: {cert: site.pem, key: site.key} beside it"},
	{site("tls: {cert: a.pem, key: a.key}, redirect: '308'"), `4:50: site.redirect: want a number, not the text "308"`},
	{site("trusted_proxies: [10.0.0.0/33]"), `4:26: site.trusted_proxies[0]: "10.0.0.0/33" is not a network: write 10.0.0.0/8, fd00::/8 or 192.0.2.7`},
	{site("trusted_proxies: [10.0.0.1/8]"), `4:26: site.trusted_proxies[0]: "10.0.0.1/8" is an address within a network: write 10.0.0.0/8 or 10.0.0.1`},
	{site("trusted_proxies: ['::ffff:10.0.0.0/104']"), `4:26: site.trusted_proxies[0]: "::ffff:10.0.0.0/104" is not a network: write 10.0.0.0/8, fd00::/8 or 192.0.2.7`},
	{site("trusted_proxies: ['fe80::1%eth0']"), `4:26: site.trusted_proxies[0]: "fe80::1%eth0" is not a network: write 10.0.0.0/8, fd00::/8 or 192.0.2.7`},
	{site("trusted_proxies: [10.0.0.1, 10.0.0.1/32]"), "4:36: site.trusted_proxies[1]: 10.0.0.1/32 comes twice, first in line 4"},
	{site("error_pages: {502: 'a;b'}"), `4:27: site.error_pages.502: "a;b" is not a path of letters, digits and - . _ + /`},
	{site("error_pages: {302: a}"), `4:22: site.error_pages: "302" is not a status that can have a page: 400 to 599 but for 418, 419, 420, 427 and 499`},
	{site("error_pages: {418: a}"), `4:22: site.error_pages: "418" is not a status that can have a page: 400 to 599 but for 418, 419, 420, 427 and 499`},
	{site("error_pages: {427: a}"), `4:22: site.error_pages: "427" is not a status that can have a page: 400 to 599 but for 418, 419, 420, 427 and 499`},
	{site("error_pages: {502: a, '502': b}"), `4:30: key "502" comes twice in site.error_pages, first in line 4`},
	{site("error_pages: {true: a}"), `4:22: a key of site.error_pages must be a status, not "true"`},
	{site("gzip: on"), `4:14: site.gzip: want true or false, not the text "on"`},
	{site("access_log: a b"), `4:20: site.access_log: "a b" is not a path of letters, digits and - . _ + /`},
	{site("access_log: {format: json}"), "4:20: site.access_log: no path: write it as access_log: {path: /var/log/nginx/voda.log}"},
	{site("access_log: {path: a.log, format: xml}"), `4:42: site.access_log.format: "xml" is not known: known are combined, json`},
	{site("access_log: [a]"), "4:20: site.access_log: want a mapping, not a list"},
	// routes
	{"app: voda\nservices: {web: {port: 80}}\n", "2:17: services.web has a port, but no route leads to any service: write routes: [{path: /, to: web}]"},
	{"app: voda\nservices: {web: {}}\nroutes: [{path: /, to: web}]\n", "3:24: routes[0].to: port missing: a route leads to service \"web\", so write services: {web: {port: 8080}}"},
	{base + "x: 1\n", `4:1: unknown key "x" in the file: known are addresses, app, compose, deploy, notify, proxy, routes, services, site`},
	{strings.Replace(base, "to: web", "to: db", 1), `3:24: routes[0].to: no service "db" in services: known are web`},
	{strings.Replace(base, "to: web", "to: ''", 1), "3:24: routes[0].to: it leads nowhere: name a service"},
	{strings.Replace(base, ", to: web", "", 1), "3:10: routes[0]: it leads nowhere: write it as {path: /, to: web}"},
	{strings.Replace(base, "path: /, ", "", 1), "3:10: routes[0]: no path: write it as {path: /, to: web}"},
	{strings.Replace(base, "path: /", "path: a", 1), `3:17: routes[0].path: "a" is not a route's path: begin with /, then letters, digits and - . _ ~ /`},
	{strings.Replace(base, "path: /", "path: /a//b", 1), `3:17: routes[0].path: "/a//b" has an empty part: write single slashes`},
	{strings.Replace(base, "path: /", "path: /a/../b", 1), `3:17: routes[0].path: "/a/../b" has a .. part: write the path it leads to`},
	{strings.Replace(base, "path: /,", "path: /, max_body: 0,", 1), "3:30: routes[0].max_body: want a size, not the number 0: write 64k, 50m, 1g or unlimited"},
	{strings.Replace(base, "path: /,", "path: /, max_body: 9999999999g,", 1), "3:30: routes[0].max_body: 9999999999g is too large: write 64k, 50m, 1g or unlimited"},
	{"app: voda\nservices: {web: {port: 80}}\nroutes:\n  - {path: /a, to: web}\n  - {path: /a, to: web}\n", "5:12: two routes alike: /a in line 4 and in line 5"},
	{files("files: static, to: web"), "4:5: routes[0]: it leads to a service and to files: keep one"},
	{files("files: .."), "4:29: routes[0].files: everybody could read teal.yaml and what lies beside it: name a folder of its own"},
	{files("files: ./"), "4:29: routes[0].files: everybody could read teal.yaml and what lies beside it: name a folder of its own"},
	{files("files: $HOME"), `4:29: routes[0].files: "$HOME" is not a path of letters, digits and - . _ + /`},
	{strings.Replace(files("files: static"), "/static/", "/static", 1), "4:28: routes[0].files: the path of a route to files must end with a slash: write /static/"},
	{files("files: static, strip: true"), "4:44: routes[0].strip: it is for routes to a service"},
	{files("files: static, options: {balance: ip_hash}"), "4:56: routes[0].options.balance: it is for routes to a service"},
	{option("expires: 1h"), "3:39: routes[0].options.expires: it is for routes to files"},
	{option("timeout: 1h"), `3:30: unknown key "timeout" in routes[0].options: known are balance, buffer_size, buffering, expires, headers, limit_rate, read_timeout, request_buffering, send_timeout`},
	{option("bufering: true"), `3:30: unknown key "bufering" in routes[0].options: did you mean "buffering"?`},
	{option("read_timeout: 0s"), "3:44: routes[0].options.read_timeout: 0s is out of range: 1s to 24h"},
	{option("buffer_size: 2m"), "3:43: routes[0].options.buffer_size: 2m is out of range: 1k to 1m"},
	{option("buffer_size: unlimited"), `3:43: routes[0].options.buffer_size: want a size, not the text "unlimited": write 64k, 50m or 1g`},
	{option("balance: random"), `3:39: routes[0].options.balance: "random" is not known: known are round_robin, least_conn, ip_hash`},
	{option("headers: {X_A: b}"), `3:40: routes[0].options.headers: "X_A" is not a header's name: letters, digits and dashes, a letter first`},
	{option("headers: {Content-Length: '1'}"), "3:40: routes[0].options.headers: Content-Length is made by nginx or teal and can't be added"},
	{option("headers: {X-A: a, x-a: b}"), "3:48: routes[0].options.headers: X-A and x-a are one header: keep one"},
	{option("headers: {X-A: $host}"), "3:45: routes[0].options.headers.X-A: \"$host\" is not a header's value: 1000 characters of ASCII at most, without \" \\ $ # { }, no space at the ends"},
	{option("headers: {X-A: 1}"), "3:45: routes[0].options.headers.X-A: want text, not the number 1"},
	{"app: voda\nservices: {web: {port: 80}}\nroutes:\n  - {path: /, to: web, options: {balance: ip_hash}}\n  - {path: /a, to: web, options: {balance: least_conn}}\n",
		`5:44: routes[1].options.balance: the route / spreads requests to "web" in another way: keep one`},
	// proxy
	{base + "proxy: hosts\n", `4:8: proxy: "hosts" is not known: did you mean "host"?`},
	{base + "proxy: container\n", "4:8: proxy: which container? write {kind: container, service: nginx} or {kind: container, container: NAME}"},
	{base + "proxy: [standalone, host]\n", `4:21: proxy[1]: the standalone nginx and the host nginx both listen on 80: give the inner one its own, as in listen: ["127.0.0.1:8081"]`},
	{base + "proxy: []\n", "4:8: proxy: the list is empty: write standalone, host or container"},
	{base + "proxy: {bin: /usr/sbin/nginx}\n", "4:8: proxy: no kind: write kind: standalone, kind: host or kind: container"},
	{base + "proxy: {kind: standalone, sites: /etc/nginx/conf.d}\n", "4:34: proxy.sites: not for kind: standalone: teal writes its own nginx's config"},
	{base + "proxy: {kind: host, config: nginx.conf}\n", `4:29: proxy.config: "nginx.conf" is not an absolute path of letters, digits and - . _ + /`},
	{base + "proxy: {kind: container}\n", "4:8: proxy: which container? write service: nginx, or container: NAME"},
	{base + "proxy: {kind: container, service: a, container: b1}\n", "4:8: proxy: service and container both name a container: keep one"},
	{base + "proxy: {kind: container, service: web}\n", `4:35: proxy.service: "web" is a colored service; the nginx in front of both colors must be a shared one: take it out of services`},
	{base + "proxy: {kind: container, service: a, bin: /nginx}\n", "4:43: proxy.bin: not for kind: container: the container has its own nginx"},
	{base + "proxy: {kind: host, container: a1}\n", "4:32: proxy.container: not for kind: host: it is no container"},
	{base + "proxy: {kind: container, container: /a}\n", `4:37: proxy.container: "/a" is not a container's name: letters, digits, dots, dashes and underscores`},
	{base + "proxy: [host, {kind: host, label: edge}]\n", "4:15: proxy[1]: it is the same nginx as another of the chain: keep one"},
	{base + "proxy: [host, {kind: host, config: /etc/edge/nginx.conf, listen: [81]}]\n", `4:15: proxy[1]: a second "host nginx": give it a label of its own, as in label: edge`},
	{base + "proxy: [{kind: container, service: a}, {kind: container, service: b, label: Edge}]\n", `4:77: proxy[1].label: "Edge" is not a label: a letter, then letters, digits and dashes, 32 at most, all lower case`},
	{base + "proxy: {kind: host, listen: [80, 80]}\n", "4:34: proxy.listen[1]: 80 comes twice, first in line 4"},
	// deploy
	{base + "deploy: {standby: hot}\n", `4:19: deploy.standby: "hot" is not known: known are cold, warm, none`},
	{base + "deploy: {witness: {rate: 1001}}\n", "4:26: deploy.witness.rate: 1001 is out of range: 1 to 1000"},
	{base + "deploy: {release: {command: [a]}}\n", "4:19: deploy.release: no service: write it as {service: web, command: [bin/migrate]}"},
	{base + "deploy: {release: {service: web}}\n", "4:19: deploy.release: no command: write it as {service: web, command: [bin/migrate]}"},
	{base + "deploy: {release: {service: wep, command: [a]}}\n", `4:29: deploy.release.service: no service "wep" in services: did you mean "web"?`},
	{base + "deploy: {release: {service: '', command: [a]}}\n", `4:29: deploy.release.service: "" is not a service name: letters, digits, dots, dashes and underscores, 50 at most, a letter or digit first`},
	{base + "deploy: {release: {service: web, command: migrate}}\n", `4:43: deploy.release.command: want a list of arguments, as in [bin/migrate, --all], not the text "migrate"`},
	{base + "deploy: {release: {service: web, command: ['']}}\n", "4:43: deploy.release.command: no command to run"},
	{base + "deploy: {release: {service: web, command: [a], timeout: 0s}}\n", "4:57: deploy.release.timeout: 0s is out of range: 1s to 24h"},
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

// unusual are lines that are right though few write them.
var unusual = []string{
	"proxy: [host]", "proxy: standalone", "compose: compose.yaml", "compose: [compose.yaml]", "deploy:", "site: {hosts:}",
	"deploy: {drain: {timeout: 0s}}", "deploy: {drain: {timeout: 10m}}", "site: {hosts: [localhost, 127.0.0.1]}",
	"site: {listen: ['80', '[::]:80', '[::1]:80', '127.0.0.1:80']}", "deploy: &d {keep: 3}\nproxy: &p host",
	"compose: {blue: blue.yaml, green: [green.yaml]}", "site: {access_log: ./a.log}", "site: {listen: [], error_pages: }",
	"site: {trusted_proxies: ['::1', 0.0.0.0/0]}", "proxy: [standalone, {kind: host, listen: [81]}]",
	"proxy: [standalone, {kind: container, service: edge}, {kind: container, service: inner, label: inner}]",
	"site: {tls: {cert: a.pem, key: a.pem}, redirect: 301}",
}

func TestUnusualServicesAndRoutesAreTaken(t *testing.T) {
	folder(t, base)
	for _, text := range []string{
		withWeb("port: 80, ports: {blue: 81, green: [82]}") + ports,
		withWeb("port: 80") + ports + pair,
		withWeb("port: 80, compose: {blue: a}") + pair,
		files("files: static, options: {headers: {Cache-Control: immutable}}"),
		base + "proxy: {kind: host, listen: ['192.0.2.1:1001']}\n" + "deploy: {release: {service: web, command: [a]}}\n",
	} {
		write(t, "teal.yaml", text)
		if _, err := Load("teal.yaml"); err != nil {
			t.Errorf("%s: %q", text, problems(t, err))
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
