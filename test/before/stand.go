package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"teal/test/before/layout"
	"teal/test/images"
)

// stand stands a layout up as people have it and says where, until ctx ends.
// It takes all of it away again, and what teal has made of it.
func stand(ctx context.Context, out io.Writer, examples, name string) (err error) {
	l, ok := layout.Named(name)
	if !ok {
		return fmt.Errorf("no layout %q: there are %s", name, strings.Join(names(), ", "))
	}
	if err := images.Ensure(ctx, tell); err != nil {
		return err
	}
	s, err := layout.Prepare(examples, l)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.End()) }()
	if err := s.Start(ctx); err != nil {
		return err
	}
	for _, version := range []string{"2", "3"} {
		if err := s.Push(ctx, version); err != nil {
			return err
		}
	}
	env := append(s.Env(), "TEAL_STATE_DIR="+filepath.Join(s.Root, "state"))
	if err := os.WriteFile(filepath.Join(s.Root, "env"), []byte(exports(env)), 0o644); err != nil {
		return err
	}
	show(out, s)
	<-ctx.Done()
	return nil
}

func show(out io.Writer, s *layout.Stand) {
	fmt.Fprintf(out, "%s is up, version 1\n\n  the site    %s\n  its folder  %s\n", s.Name, s.Question(), s.App())
	if nginx := filepath.Join(s.Root, "etc/nginx"); isDir(nginx) {
		fmt.Fprintf(out, "  its nginx   %s\n", nginx)
	}
	fmt.Fprintf(out, "  its shell   cd %s && . ../env\n  a release   %s\n\nIn that shell docker-compose, nginx and sudo are the copy's, and teal's state is kept in it.\nCtrl-C takes it away; where teal has deployed, teal down first.\n",
		s.App(), s.Typed("2"))
}

func names() (all []string) {
	for _, l := range layout.All {
		all = append(all, l.Name)
	}
	return all
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// exports are the variables that the copy has and this process has not, as a
// shell reads them.
func exports(env []string) string {
	var text strings.Builder
	for _, pair := range env {
		name, value, _ := strings.Cut(pair, "=")
		if !slices.Contains(os.Environ(), pair) {
			fmt.Fprintf(&text, "export %s='%s'\n", name, strings.ReplaceAll(value, "'", `'\''`))
		}
	}
	return text.String()
}
