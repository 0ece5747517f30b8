package e2e

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/moby/moby/client"
)

const buildTeal = `app: NAME
services:
  web: {port: 8080, health: {http: /healthz, timeout: 15s}}
site: {listen: ["127.0.0.1:PORT"]}
routes:
  - {path: /, to: web}
proxy: standalone
deploy: {standby: none, drain: {timeout: 2s, streams: 2s}}
`

func TestScenarioAnImageIsBuiltAndABuildThatFailsLeavesTrafficAlone(t *testing.T) {
	t.Parallel()
	a := newBaked(t)
	if err := goBuild(filepath.Join(a.dir, "web"), "../../examples/demo/app/web"); err != nil {
		t.Fatal(err)
	}
	a.compose("services:\n  web: {build: .}\n")
	a.config(buildTeal)
	file := "FROM scratch\nLABEL tealtest=" + a.name + "\nCOPY web /web\nENV VERSION=1\nCMD [\"/web\"]\n"
	a.write("Dockerfile", file)
	a.mustDeploy(1).says("build web")
	a.serves(1)
	load := a.gentle()
	a.edit("Dockerfile", "VERSION=1", "VERSION=2")
	a.mustDeploy(2)
	a.serves(2)

	a.edit("Dockerfile", "COPY web", "COPY wbe")
	a.refused(func() result { return a.teal("deploy") }, 3, "build of web failed", "COPY", "wbe", "release 2 is live in green, as before")
	a.write("Dockerfile", "FORM scratch\n")
	a.refused(func() result { return a.teal("deploy") }, 3, "build of web failed", "FORM")
	a.serves(2)
	a.must("history").says("failed")

	a.write("Dockerfile", file)
	a.edit("Dockerfile", "VERSION=1", "VERSION=5")
	a.mustDeploy(5)
	a.serves(5)
	a.must("rollback") // the image that was built then
	a.serves(2)
	a.unhurt(load)
	a.docker(func(ctx context.Context, cli *client.Client) error {
		_, err := cli.ImageInspect(ctx, a.name+"-web")
		return err
	})
}
