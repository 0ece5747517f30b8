package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"teal/internal/recipe"
	"teal/internal/release"

	"github.com/spf13/cobra"
)

func (g *globals) ciCommand() *cobra.Command {
	var write, force bool
	c := &cobra.Command{
		Use:   "ci github|gitlab|jenkins|codedeploy",
		Short: "print what makes a CI system deploy this app",
		Long: `Print the files, with comments, that make a CI system deploy the app of
teal.yaml: one deploy at a time, the exit code in words, the receipt kept, a
cancelled job undone. Read them before they are used; they are yours then.

Nothing is written unless --write says so: into the repository that teal.yaml
lies in. A file that is there stays as it is unless --force is given too, and
then it is kept beside the new one, as deploy.yml.before-teal, say: jobs of
yours that build or test are in there, and go on where you move them over.`,
		Example: "  teal ci github                                  # print the workflow\n" +
			"  teal ci github --write                          # write .github/workflows/deploy.yml\n" +
			"  teal ci codedeploy",
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return g.recipe(args[0], write, force) },
	}
	for _, s := range recipe.Systems {
		c.ValidArgs = append(c.ValidArgs, string(s))
	}
	c.Flags().BoolVar(&write, "write", false, "write the files where they belong")
	c.Flags().BoolVar(&force, "force", false, "with --write: replace files that are there, each kept as *.before-teal")
	return c
}

func (g *globals) recipe(name string, write, force bool) error {
	system, err := recipe.Parse(name)
	if err != nil {
		return err
	}
	if force && !write {
		return &release.Error{Code: release.Invalid, What: "--force is for --write", State: "nothing was written", Next: "teal ci " + name + " --write --force"}
	}
	app, err := g.app()
	if err != nil {
		return err
	}
	root := repository(app.Dir)
	place, err := placeIn(root, app)
	if err != nil {
		return err
	}
	files, err := recipe.Recipe(system, app, place)
	if err != nil {
		return err
	}
	if write {
		return g.writeRecipe(root, files, force)
	}
	return g.printRecipe(files)
}

// repository is the folder that holds .git, from dir upwards; dir where none
// does.
func repository(dir string) string {
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil {
			return at
		}
		if at == filepath.Dir(at) {
			return dir
		}
	}
}

// placeIn is where the app's files lie below the root, and the variables in
// its compose files. Files elsewhere are the machine's own and in no recipe.
func placeIn(root string, app release.App) (recipe.Place, error) {
	below := func(file string) string {
		rel, err := filepath.Rel(root, file)
		if err != nil || !filepath.IsLocal(rel) {
			return ""
		}
		return filepath.ToSlash(rel)
	}
	place := recipe.Place{File: below(app.File)}
	files := app.Compose
	for _, c := range release.Colors {
		files = append(files[:len(files):len(files)], app.Own[c]...)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return place, &release.Error{Code: release.Invalid, What: "can't read " + file + ": " + err.Error(), State: "nothing was written", Next: "make it a file that you may read, then teal ci", Err: err}
		}
		all.Write(text)
		if rel := below(file); rel != "" {
			place.Compose = append(place.Compose, rel)
		}
	}
	place.Variables = recipe.Variables(all.String())
	return place, nil
}

func (g *globals) printRecipe(files []recipe.File) error {
	if g.json {
		enc := json.NewEncoder(g.env.Out)
		enc.SetEscapeHTML(false)
		for _, f := range files {
			if err := enc.Encode(map[string]any{"type": "file", "path": f.Path, "executable": f.Executable, "text": f.Text}); err != nil {
				return err
			}
		}
		return nil
	}
	for i, f := range files {
		gap := ""
		if i > 0 {
			gap = "\n"
		}
		if _, err := fmt.Fprintf(g.env.Out, "%s%s %s\n%s", gap, f.Comment, f.Path, f.Text); err != nil {
			return err
		}
	}
	return nil
}

// writeRecipe writes all files, or none where one is there already.
func (g *globals) writeRecipe(root string, files []recipe.File, force bool) error {
	for _, f := range files {
		path := filepath.Join(root, filepath.FromSlash(f.Path))
		if _, err := os.Lstat(path); err == nil && !force {
			return there(path)
		}
	}
	for _, f := range files {
		path := filepath.Join(root, filepath.FromSlash(f.Path))
		if force {
			if err := g.keep(path, f); err != nil {
				return err
			}
		}
		if err := put(path, f, force); err != nil {
			return err
		}
		fmt.Fprintf(g.env.Err, "wrote %s\n", path)
	}
	return nil
}

func there(path string) error {
	return &release.Error{Code: release.Invalid, What: path + " is there already", State: "it is as it was",
		Next: "take over from what teal ci prints, or replace it and have it kept as " + filepath.Base(path) + keptSuffix + ": --write --force"}
}

// keptSuffix names what was there before; no CI system reads such a file.
const keptSuffix = ".before-teal"

// keep gives what is there a second name, one that nothing has: nothing that
// somebody wrote is lost. What teal writes anyway needs none.
func (g *globals) keep(path string, f recipe.File) error {
	was, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && string(was) == f.Text {
		return nil
	}
	if err != nil {
		return unput(path, err)
	}
	kept := path + keptSuffix
	err = os.Link(path, kept)
	for n := 2; errors.Is(err, fs.ErrExist); n++ {
		kept = fmt.Sprintf("%s%s.%d", path, keptSuffix, n)
		err = os.Link(path, kept)
	}
	if err != nil {
		return unput(path, err)
	}
	fmt.Fprintf(g.env.Err, "kept what was there as %s: take over the jobs and lines of yours\n", kept)
	return nil
}

// put writes a file whole or not at all: what is half written is nobody's
// yet, and without force even a file that appears meanwhile is left alone.
func put(path string, f recipe.File, force bool) error {
	mode := os.FileMode(0o644)
	if f.Executable {
		mode = 0o755
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return unput(path, err)
	}
	draft, err := os.CreateTemp(filepath.Dir(path), ".teal-*")
	if err != nil {
		return unput(path, err)
	}
	defer os.Remove(draft.Name())
	_, err = draft.WriteString(f.Text)
	if err := errors.Join(err, draft.Chmod(mode), draft.Sync(), draft.Close()); err != nil {
		return unput(path, err)
	}
	place := os.Link
	if force {
		place = os.Rename
	}
	if err := place(draft.Name(), path); errors.Is(err, fs.ErrExist) {
		return there(path)
	} else if err != nil {
		return unput(path, err)
	}
	return nil
}

func unput(path string, err error) error {
	return &release.Error{Code: release.Invalid, What: "can't write " + path + ": " + err.Error(), State: "it is as it was", Next: "teal ci without --write prints it", Err: err}
}
