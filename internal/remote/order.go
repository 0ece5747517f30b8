package remote

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"teal/internal/release"
)

// Attached is the hidden command that the other teal is started with where
// there is no terminal: its standard input is then no input, but what the
// first teal has to say. The first line is an order, each "interrupt" line
// after it a Ctrl-C; its end means that the first teal, or the connection, is
// gone. A signal can't go that way: ssh hands none on without a terminal.
const Attached = "attached"

const interruptLine = "interrupt\n"

// order is the first line: what must not stand in an argument vector, which
// every user of both machines can read.
type order struct {
	Env []string `json:"env"` // NAME=VALUE
}

var variableForm = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// Variables makes NAME=VALUE of what --env was given: NAME=VALUE, or NAME for
// the variable's value here.
func Variables(given []string, lookup func(string) (string, bool)) ([]string, error) {
	var list []string
	for _, text := range given {
		name, value, has := strings.Cut(text, "=")
		if !variableForm.MatchString(name) {
			return nil, misnamed(name)
		}
		if !has {
			if value, has = lookup(name); !has {
				return nil, &release.Error{Code: release.Invalid, What: "--env " + name + ": it is not set here", State: "nothing was done", Next: "set it, or write --env " + name + "=VALUE"}
			}
		}
		list = append(list, name+"="+value)
	}
	return list, nil
}

func misnamed(name string) error {
	return &release.Error{Code: release.Invalid, What: fmt.Sprintf("%.40q is not the name of a variable", name), State: "nothing was done", Next: "--env NAME or --env NAME=VALUE"}
}

func (o order) line() ([]byte, error) {
	b, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("write the environment for the other teal: %w", err)
	}
	return append(b, '\n'), nil
}

// maxOrder bounds the order, in bytes: Linux takes no larger environment
// either by default (execve(2)).
const maxOrder = 2 << 20

// Attach is the other side: it takes the order from in, sets the environment,
// and then reports each interrupt for as long as the process lives. The end of
// in is one too, unless one came before: what is being undone is undone to its
// end.
func Attach(in io.Reader, interrupt func()) error {
	r := bufio.NewReaderSize(in, maxOrder)
	line, err := r.ReadSlice('\n')
	if err != nil {
		return fmt.Errorf("read the order of the other teal: %w", err)
	}
	var o order
	if err := json.Unmarshal(line, &o); err != nil {
		return errors.New("read the order of the other teal: it is of another form; are both of one version?")
	}
	for _, v := range o.Env {
		name, value, _ := strings.Cut(v, "=")
		if !variableForm.MatchString(name) {
			return misnamed(name)
		}
		if err := os.Setenv(name, value); err != nil {
			return fmt.Errorf("set %s: %w", name, err)
		}
	}
	go listen(r, interrupt)
	return nil
}

func listen(r *bufio.Reader, interrupt func()) {
	told := false
	for {
		line, err := r.ReadString('\n')
		if line == interruptLine || err != nil && !told {
			told = true
			interrupt()
		}
		if err != nil {
			return
		}
	}
}
