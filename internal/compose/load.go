package compose

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"

	"teal/internal/release"
)

// files is the user's compose files, as docker compose would read them under
// the app's name.
type files struct {
	app release.App
}

// variables are the ones a compose file may interpolate beside the user's.
type variables struct {
	color   release.Color
	release string // its number; "" for 0
	replica int
}

// sharedColor is what TEAL_COLOR is while the shared services are read: they
// are of no color, but ${TEAL_COLOR:?} elsewhere in the file must not fail.
const sharedColor = "shared"

func (v variables) environment(app string) []string {
	color := string(v.color)
	if v.color == release.None {
		color = sharedColor
	}
	return []string{
		"TEAL_APP=" + app,
		"TEAL_COLOR=" + color,
		"TEAL_RELEASE=" + cmp.Or(v.release, "0"),
		"TEAL_REPLICA=" + strconv.Itoa(max(v.replica, 1)),
	}
}

// load reads the files with the variables set. The result is complete: env
// files are merged in, paths absolute, variables gone, and networks, volumes
// and secrets that no service uses left out.
func (f files) load(ctx context.Context, v variables) (*types.Project, error) {
	if len(f.app.Compose) == 0 { // nothing is shared between the colors' own files
		return &types.Project{Name: f.app.Name}, nil
	}
	options, err := cli.NewProjectOptions(f.app.Compose,
		cli.WithWorkingDirectory(f.dir()),
		cli.WithEnv(v.environment(f.app.Name)),
		cli.WithOsEnv,
		cli.WithEnvFiles(f.envFiles()...),
		cli.WithDotEnv,
		cli.WithDefaultProfiles(),
		cli.WithName(f.app.Name),
		cli.WithDiscardEnvFile,
		cli.WithResourceLoader(abroad{}),
	)
	if err != nil {
		return nil, f.refused(err)
	}
	project, err := options.LoadProject(ctx)
	if err != nil {
		return nil, f.refused(err)
	}
	return project.WithoutUnnecessaryResources(), nil
}

// dir is the project directory: relative paths of all files start at the
// first one, as with docker compose.
func (f files) dir() string { return filepath.Dir(f.app.Compose[0]) }

// envFiles are the .env files there are: the one beside the first compose
// file, as with docker compose, and before it in precedence the one beside
// teal.yaml.
func (f files) envFiles() []string {
	var found []string
	for _, dir := range slices.Compact([]string{f.dir(), f.app.Dir}) {
		path := filepath.Join(dir, ".env")
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			found = append(found, path)
		}
	}
	return found
}

// mentions reports whether a compose file contains the text.
func (f files) mentions(text string) bool {
	return slices.ContainsFunc(f.app.Compose, func(path string) bool {
		content, err := os.ReadFile(path)
		return err == nil && bytes.Contains(content, []byte(text))
	})
}

func (f files) source() source { return readSource(f.app.Dir, f.app.Compose) }

// refused passes on what compose says of the files, in its own words but for
// the values.
func (f files) refused(err error) error {
	var told *release.Error
	if errors.Is(err, context.Canceled) || errors.As(err, &told) {
		return fmt.Errorf("load compose files: %w", err)
	}
	names := make([]string, len(f.app.Compose))
	for i, path := range f.app.Compose {
		names[i] = source{dir: f.app.Dir}.name(path)
	}
	return &release.Error{
		Code:   release.Invalid,
		What:   "compose refuses " + strings.Join(names, ", "),
		Detail: strings.Split(strings.TrimSpace(unquoted(err.Error())), "\n"),
		Next:   "correct the compose file, then run the command again",
	}
}
