package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"teal/internal/release"
	"teal/internal/witness"
)

// Bad moments: what should end and doesn't.

func TestScenarioAnOldColorThatIgnoresSIGTERMIsKilledAfterItsGracePeriod(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.edit("compose.yaml", "command: [/web]", "command: [/stubborn, serve]\n    stop_grace_period: 1s")
	a.mustDeploy(1)
	load := a.gets()
	r := a.deploy(2, "--json")
	var last struct {
		Receipt release.Receipt `json:"receipt"`
	}
	r.last(&last)
	if got := last.Receipt; r.code != 0 || got.Outcome != release.OutcomeDone || got.Live != release.Green || got.Lost() != 0 {
		t.Errorf("receipt %+v\n%v", got, r)
	}
	a.docker(func(ctx context.Context, cli *client.Client) error {
		c, err := cli.ContainerInspect(ctx, a.id("web-blue"), client.ContainerInspectOptions{})
		if s := c.Container.State; err == nil && (s.Running || s.ExitCode != 137) {
			t.Errorf("blue is %s, code %d; want it killed", s.Status, s.ExitCode)
		}
		return err
	})
	a.serves(2)
	a.must("rollback") // and from a killed container back
	a.serves(1)
	a.unhurt(load)
}

func TestScenarioADrainThatNeverEndsIsCutAtItsLimitsAndCounted(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.edit("compose.yaml", "command: [/web]", "command: [/stubborn, serve]\n    stop_grace_period: 1s")
	a.edit("teal.yaml", "drain: {timeout: 5s, streams: 5s}", "drain: {timeout: 1s, streams: 2s}")
	a.mustDeploy(1)
	load := a.gets()
	held := map[string]net.Conn{
		"download":  a.hangOn("GET /download HTTP/1.1\r\nHost: any\r\n\r\n", http.StatusOK),
		"WebSocket": a.hangOn("GET /ws HTTP/1.1\r\nHost: any\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", http.StatusSwitchingProtocols),
	}
	r := a.deploy(2, "--json")
	var last struct {
		Receipt release.Receipt `json:"receipt"`
	}
	r.last(&last)
	got := last.Receipt
	if r.code != 0 || got.Outcome != release.OutcomeDone || got.Drained == nil || got.Drained.Cut != 2 || got.Drained.Took < time.Second {
		t.Errorf("receipt %+v, drained %+v\n%v", got, got.Drained, r)
	}
	for what, conn := range held {
		if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, conn); err != nil {
			t.Errorf("the %s was not cut: %v", what, err)
		}
	}
	a.serves(2)
	a.unhurt(load)
}

// hangOn sends a request, reads how its answer begins, and holds the
// connection.
func (a *app) hangOn(request string, status int) net.Conn {
	a.t.Helper()
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", a.port))
	if err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, request); err != nil {
		a.t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || res.StatusCode != status {
		a.t.Fatalf("%q: %v %v", request, res, err)
	}
	return conn
}

// gets is a load for servers that only answer GET.
func (a *app) gets() *witness.Running {
	return witness.Start(a.t.Context(), witness.Load{Target: fmt.Sprintf("127.0.0.1:%d", a.port), Groups: []witness.Group{{Kind: witness.Get, Count: 4, Think: ms(10)}}})
}
