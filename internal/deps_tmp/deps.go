package deps_tmp

import (
	_ "charm.land/lipgloss/v2"
	_ "github.com/HdrHistogram/hdrhistogram-go"
	_ "github.com/compose-spec/compose-go/v2/loader"
	_ "github.com/docker/cli/cli/command"
	_ "github.com/docker/compose/v5/pkg/api"
	_ "github.com/docker/compose/v5/pkg/compose"
	_ "github.com/gofrs/flock"
	_ "github.com/google/go-cmp/cmp"
	_ "github.com/google/go-containerregistry/pkg/registry"
	_ "github.com/google/renameio/v2"
	_ "github.com/moby/moby/client"
	_ "github.com/rogpeppe/go-internal/testscript"
	_ "github.com/spf13/cobra"
	_ "go.uber.org/goleak"
	_ "go.yaml.in/yaml/v4"
	_ "modernc.org/sqlite"
	_ "pgregory.net/rapid"
)
