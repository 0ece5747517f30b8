package config

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"

	"teal/internal/release"
)

// maxProblems is how many problems are told one by one; beyond it a file is
// likely not a teal.yaml at all.
const maxProblems = 25

// report collects what is wrong with one file.
type report struct {
	file     string // as messages name it
	problems []problem
}

// problem is one mistake. Lines and columns count from 1, columns in
// characters.
type problem struct {
	line, column int
	text         string
}

func (r *report) add(line, column int, format string, args ...any) {
	r.problems = append(r.problems, problem{line, column, fmt.Sprintf(format, args...)})
}

// err is nil if nothing is wrong, else all problems in one *release.Error.
func (r *report) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	lines := r.lines()
	if len(lines) > maxProblems {
		lines = append(lines[:maxProblems], fmt.Sprintf("and %d more", len(lines)-maxProblems))
	}
	return &release.Error{
		Code:   release.Invalid,
		What:   lines[0],
		Detail: lines[1:],
		Next:   "fix " + filepath.Base(r.file) + ", then run teal plan",
	}
}

// lines are the problems in the order of the file. A value that an alias
// repeats is wrong only once.
func (r *report) lines() []string {
	slices.SortStableFunc(r.problems, func(a, b problem) int {
		return cmp.Or(a.line-b.line, a.column-b.column)
	})
	var lines []string
	for _, p := range slices.Compact(r.problems) {
		lines = append(lines, fmt.Sprintf("%s:%d:%d: %s", r.file, p.line, p.column, p.text))
	}
	return lines
}
