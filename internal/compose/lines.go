package compose

import (
	"bytes"
	"regexp"
	"strings"
	"sync"

	"teal/internal/release"
)

// lines cuts what is written to it into lines. It may be written to by
// several goroutines.
type lines struct {
	emit func(string)
	mu   sync.Mutex
	rest []byte
}

// longestLine bounds what is kept of a line that doesn't end, in bytes.
const longestLine = 64 << 10

// Write emits every complete line, without its end, and one that is too long
// in pieces.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, p...)
	for {
		i := bytes.IndexByte(l.rest, '\n')
		if i < 0 && len(l.rest) > longestLine {
			l.emit(string(l.rest))
			l.rest = nil
		}
		if i < 0 {
			return len(p), nil
		}
		l.emit(strings.TrimRight(string(l.rest[:i]), "\r"))
		l.rest = l.rest[i+1:]
	}
}

// flush emits the last line if it lacks its end.
func (l *lines) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.rest) > 0 {
		l.emit(string(l.rest))
		l.rest = nil
	}
}

var control = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]`)

// output says what the SDK writes, line by line. The classic builder draws
// progress bars even into a pipe, so of a line that was drawn over, the last
// state is said, and a line said before is not said again.
func output(say Say) *lines {
	last := ""
	return &lines{emit: func(line string) {
		line = line[strings.LastIndexByte(line, '\r')+1:]
		line = strings.TrimRight(control.ReplaceAllString(line, ""), " \t")
		if line != "" && line != last {
			last = line
			say(release.EventOutput, line)
		}
	}}
}
