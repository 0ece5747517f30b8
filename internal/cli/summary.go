package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"teal/internal/notify"
	"teal/internal/release"
	"teal/internal/term"

	"github.com/spf13/cobra"
)

const summaryFlag = "summary"

// summary is how a deploy ended, for the files that --summary names: a CI
// job's page and its artifacts.
type summary struct {
	files []string
	end   *release.Event // the last of the story: a receipt, or an error before there was one
}

func (s *summary) flag(c *cobra.Command) {
	c.Flags().StringArrayVar(&s.files, summaryFlag, nil,
		"write how it ended to a `file`: Markdown, or JSON where the name ends in .json; more than one may be given")
}

// see keeps the end of the story.
func (s *summary) see(e release.Event) {
	if e.Type == release.EventReceipt {
		s.end = &e
	}
}

// ended is the end of a story that err may have cut off before its receipt.
func (s *summary) ended(err error) release.Event {
	if s.end != nil {
		return *s.end
	}
	var known *release.Error
	if err != nil && !errors.As(err, &known) {
		known = &release.Error{Code: release.Internal, What: err.Error()}
	}
	return release.Event{Type: errorType, Error: known}
}

// errorType is the last line of JSON where there is no receipt.
const errorType release.EventType = "error"

// write writes all files and returns err: what can't be written is told, and
// never makes another outcome of the deploy.
func (s *summary) write(to io.Writer, err error) error {
	if len(s.files) == 0 {
		return err
	}
	end := s.ended(err)
	end.Error = notify.NewMask(os.Environ()).Error(end.Error)
	for _, file := range s.files {
		if werr := writeSummary(file, end); werr != nil {
			fmt.Fprintln(to, "note: the summary is not written:", werr)
		}
	}
	return err
}

// writeSummary writes into the file that is there, if one is: a CI runner that
// gave its name may hold it open.
func writeSummary(file string, end release.Event) error {
	var text bytes.Buffer
	if filepath.Ext(file) == ".json" {
		if err := encodeEnd(&text, end); err != nil {
			return err
		}
	} else if err := term.Markdown(&text, end.Receipt, end.Error); err != nil {
		return err
	}
	return os.WriteFile(file, text.Bytes(), 0o644)
}

// encodeEnd writes what is the last line of --json.
func encodeEnd(w io.Writer, end release.Event) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if end.Type == errorType {
		return enc.Encode(map[string]any{"type": errorType, "error": end.Error})
	}
	return enc.Encode(end)
}

// retold takes the JSON of another machine's teal and tells the story here, so
// that the files of --summary are made where they are named.
type retold struct {
	summary
	json   bool
	out    io.Writer
	stream term.Stream
	rest   []byte // of a line that is not whole yet
}

// summarized takes --summary out of a command line for another machine; nil
// where there is none.
func (e *elsewhere) summarized(env Env) *retold {
	r := &retold{json: slices.Contains(e.args, "--json"), out: env.Out}
	var args []string
	for i := 0; i < len(e.args); i++ {
		name, file, has := strings.Cut(e.args[i], "=")
		if e.args[i] == "--" {
			args = append(args, e.args[i:]...)
			break
		}
		if name != "--"+summaryFlag || !has && i+1 == len(e.args) {
			args = append(args, e.args[i])
			continue
		}
		if !has {
			i++
			file = e.args[i]
		}
		r.files = append(r.files, file)
	}
	if len(r.files) == 0 {
		return nil
	}
	quiet := slices.Contains(args, "--quiet") || slices.Contains(args, "-q")
	r.stream = (&globals{env: env, quiet: quiet}).stream()
	if e.args = args; !r.json {
		e.args = append([]string{"--json"}, args...)
	}
	return r
}

// Write is io.Writer's: it tells each whole line.
func (r *retold) Write(p []byte) (int, error) {
	r.rest = append(r.rest, p...)
	for {
		line, rest, whole := bytes.Cut(r.rest, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		r.rest = rest
		if err := r.line(line); err != nil {
			return 0, err
		}
	}
}

func (r *retold) line(line []byte) error {
	var e release.Event
	err := json.Unmarshal(line, &e)
	if err == nil && (e.Type == release.EventReceipt || e.Type == errorType) {
		r.end = &e
	}
	if r.json || err != nil {
		_, err := r.out.Write(append(line, '\n'))
		return err
	}
	r.stream.Event(e)
	return nil
}

// close ends the story and writes the files.
func (r *retold) close(to io.Writer, err error) error {
	if cerr := r.stream.Close(); cerr != nil {
		fmt.Fprintln(to, "note: not all of the story could be told:", cerr)
	}
	return r.write(to, err)
}
