package compose

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/docker/cli/cli/command"
	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/flags"
	"github.com/docker/compose/v5/pkg/api"
	sdk "github.com/docker/compose/v5/pkg/compose"
	"github.com/moby/moby/client"
	"github.com/moby/moby/client/pkg/versions"

	"teal/internal/release"
)

// Say receives a line of progress or output while something runs, one at a
// time.
type Say = func(release.EventType, string)

// Docker 20.10 speaks API 1.41 and is the oldest engine teal is tested with.
const (
	oldestEngine = "20.10"
	oldestAPI    = "1.41"
)

// answerWithin bounds how long an engine that accepts connections may take to
// answer the first ping.
const answerWithin = 5 * time.Second

// Engine is a Docker engine. It may be used by several goroutines.
type Engine struct {
	client client.APIClient
	root   string
	config *configfile.ConfigFile
	cli    func() (command.Cli, error) // made when the SDK is first needed: status never needs it
	shelf  shelf
	told   Say
}

// Tell makes the engine say what a person should know of calls that are given
// nobody to say it to, as a stop is. It is to be called before any of these.
func (e *Engine) Tell(say Say) { e.told = serial(say) }

func (e *Engine) note(text string) {
	if e.told != nil {
		e.told(release.EventNote, text)
	}
}

// New connects to the engine that the docker command line would use
// (DOCKER_HOST, DOCKER_CONTEXT, the current context) and agrees on an API
// version. It fails with code Unreachable where no engine answers or the
// engine is older than 20.10. root is the state root: an app that is run from
// another one is left alone, since only that one's nginx knows what is live.
func New(ctx context.Context, root string) (*Engine, error) {
	configFile := config.LoadDefaultConfigFile(io.Discard)
	c, err := command.NewAPIClientFromFlags(flags.NewClientOptions(), configFile)
	if err != nil {
		return nil, unreachable("", err)
	}
	if err := greet(ctx, c); err != nil {
		c.Close()
		return nil, err
	}
	return &Engine{client: c, root: root, config: configFile, cli: sync.OnceValues(func() (command.Cli, error) { return newCLI(c) })}, nil
}

// Close gives the connections to the engine back.
func (e *Engine) Close() error { return e.client.Close() }

func greet(ctx context.Context, c client.APIClient) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	ping, err := c.Ping(ctx, client.PingOptions{NegotiateAPIVersion: true})
	if ping.APIVersion != "" && versions.LessThan(ping.APIVersion, oldestAPI) {
		return tooOld(ctx, c, ping.APIVersion)
	}
	if err != nil {
		return unreachable(c.DaemonHost(), err)
	}
	return nil
}

func tooOld(ctx context.Context, c client.APIClient, apiVersion string) error {
	engine := "this Docker engine"
	if v, err := c.ServerVersion(ctx, client.ServerVersionOptions{}); err == nil {
		engine = "Docker engine " + v.Version
	}
	return &release.Error{
		Code: release.Unreachable,
		What: fmt.Sprintf("%s is too old: it speaks API %s, teal needs API %s", engine, apiVersion, oldestAPI),
		Next: "install Docker engine " + oldestEngine + " or newer",
	}
}

// unreachable says why the engine can't be talked to and what to do about it.
// An error that says so already stays as it is.
func unreachable(host string, err error) error {
	if release.CodeOf(err) == release.Unreachable {
		return err
	}
	e := &release.Error{Code: release.Unreachable, What: "docker can't be reached", Err: err}
	if host != "" {
		e.What += " at " + host
	}
	e.Detail = []string{err.Error()}
	switch {
	case errors.Is(err, fs.ErrPermission):
		e.Next = "run teal as root, or as a user in the docker group"
	case os.Getenv("DOCKER_HOST") != "":
		e.Next = "check DOCKER_HOST, or unset it to use the engine of this machine"
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		e.Next = "systemctl start docker"
	default:
		e.Next = "docker version"
	}
	return e
}

// failed wraps an error of the engine with what was being done; a lost
// connection becomes Unreachable whatever was being done.
func (e *Engine) failed(action string, err error) error {
	switch {
	case err == nil:
		return nil
	case client.IsErrConnectionFailed(err):
		return fmt.Errorf("%s: %w", action, unreachable(e.client.DaemonHost(), err))
	}
	return fmt.Errorf("%s: %w", action, err)
}

// newCLI wraps the client for the SDK. Its streams are discarded: what the
// SDK has to say comes through events, and output through WithOutputStream.
func newCLI(c client.APIClient) (command.Cli, error) {
	cli, err := command.NewDockerCli(command.WithAPIClient(c), command.WithCombinedStreams(io.Discard), command.WithInputStream(io.NopCloser(strings.NewReader(""))))
	if err != nil {
		return nil, fmt.Errorf("set up the compose SDK: %w", err)
	}
	if err := cli.Initialize(flags.NewClientOptions()); err != nil {
		return nil, fmt.Errorf("set up the compose SDK: %w", err)
	}
	return cli, nil
}

// sdk returns a compose service that reports to say. It answers no to every
// question the SDK would put to a person: all of them are about destroying
// something.
func (e *Engine) sdk(say Say) (api.Compose, error) {
	cli, err := e.cli()
	if err != nil {
		return nil, err
	}
	out := output(say)
	return sdk.NewComposeService(cli,
		sdk.WithEventProcessor(newEvents(say)),
		sdk.WithOutputStream(out), sdk.WithErrorStream(out),
		sdk.WithPrompt(func(string, bool) (bool, error) { return false, nil }))
}
