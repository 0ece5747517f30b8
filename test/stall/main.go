// Command stall is teal with one difference: when the intent of the first step
// of the kind that TEAL_TEST_STALL_AT names stands in the journal, it writes a
// line to file descriptor 3 and waits for one from file descriptor 4. Between
// the two the test has a deploy that stands in the middle of a step.
package main

import (
	"fmt"
	"os"

	"teal/internal/cli"
	"teal/internal/deploy"
	"teal/internal/release"
)

func main() {
	at := release.StepKind(os.Getenv("TEAL_TEST_STALL_AT"))
	tell, wait := os.NewFile(3, "tell"), os.NewFile(4, "wait")
	os.Exit(cli.Run(cli.Env{
		Args: os.Args[1:], Version: "stall", Getenv: os.Getenv, In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		Journal: func(j deploy.Journal) deploy.Journal { return &stalling{j, at, tell, wait} },
	}))
}

// stalling waits once.
type stalling struct {
	deploy.Journal
	at         release.StepKind
	tell, wait *os.File
}

func (s *stalling) Intent(id int64, n int, step release.Step) error {
	if err := s.Journal.Intent(id, n, step); err != nil || step.Kind != s.at {
		return err
	}
	s.at = ""
	if _, err := fmt.Fprintln(s.tell, step.Label()); err != nil {
		return err
	}
	_, err := s.wait.Read(make([]byte, 1))
	return err
}
