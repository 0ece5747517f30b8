package e2e

import (
	"testing"
)

// faultyCompose runs the server with one fault; FAULT comes from the
// environment of teal.
var faultyCompose = `services:
  web:
    image: ` + image + `
    command: [/faulty]
    environment: {VERSION: "${VERSION:-1}", FAULT: "${FAULT:-}"}
    mem_limit: 64m
    memswap_limit: 64m
`

const faultyTeal = `app: NAME
services:
  web: {port: 8080, health: {http: /healthz, timeout: 3s}}
site: {hosts: [shop.example], listen: ["127.0.0.1:PORT"]}
routes: [{path: /, to: web}]
proxy: standalone
deploy: {drain: {timeout: 2s, streams: 2s}}
`

// Each way of not getting healthy is told by what it is.
func TestScenarioAGateSaysWhyItFails(t *testing.T) {
	t.Parallel()
	a := bare(t)
	a.write("compose.yaml", faultyCompose)
	a.config(faultyTeal)
	a.mustDeploy(1)
	for _, tc := range []struct {
		fault string
		edit  string // replaces the health check
		want  []string
	}{
		{fault: "exit", want: []string{"web-green-1", "exited with code 3", "DATABASE_URL is not set"}},
		{fault: "oom", want: []string{"web-green-1 was killed for memory", "out-of-memory flag"}},
		{fault: "redirect", want: []string{"answered 301 to https://shop.example/login"}},
		{fault: "host", edit: "health: {http: /healthz, host: other.example, timeout: 3s}", want: []string{"400", "shop.example"}},
		{fault: "port", want: []string{"refused", "it listens on port 9090, not on port 8080"}},
		{fault: "local", want: []string{"it listens on 127.0.0.1:8080 only", "0.0.0.0"}},
		{fault: "never", want: []string{"503", "warming up"}},
		{fault: "silent", want: []string{"it listens on no TCP port"}},
	} {
		t.Run(tc.fault, func(t *testing.T) {
			a.t = t
			if tc.edit != "" {
				a.edit("teal.yaml", "health: {http: /healthz, timeout: 3s}", tc.edit)
				defer a.config(faultyTeal)
			}
			a.env = []string{"FAULT=" + tc.fault}
			r := a.deploy(2)
			a.env = nil
			r.fails(3, append(tc.want, "release 1 is live in blue, as before", "next:")...)
			if v := a.status(); v.Live != "blue" || v.Colors["green"].State != "empty" {
				t.Errorf("status %+v", v)
			}
		})
	}
	a.t = t
}
