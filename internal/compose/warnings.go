package compose

import (
	"io"
	"slices"
	"sync"

	"github.com/sirupsen/logrus"
)

// warnings collects what compose-go and the SDK log while something runs.
// Both write to logrus' standard logger, which would print on stderr between
// our own lines; a variable that is not set is worth a note, though.
type warnings struct {
	mu    sync.Mutex
	lines []string
	open  int
}

var logged = sync.OnceValue(func() *warnings {
	w := &warnings{}
	logrus.SetOutput(io.Discard)
	logrus.AddHook(w)
	return w
})

// Levels is part of logrus.Hook.
func (*warnings) Levels() []logrus.Level { return []logrus.Level{logrus.WarnLevel, logrus.ErrorLevel} }

// Fire is part of logrus.Hook.
func (w *warnings) Fire(entry *logrus.Entry) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open > 0 && !slices.Contains(w.lines, entry.Message) {
		w.lines = append(w.lines, entry.Message)
	}
	return nil
}

// during returns what is logged while f runs, each line once. Loads that run
// at the same time may see each other's lines.
func (w *warnings) during(f func() error) ([]string, error) {
	w.mu.Lock()
	w.open++
	w.mu.Unlock()
	err := f()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open--
	lines := slices.Clone(w.lines)
	if w.open == 0 {
		w.lines = nil
	}
	return lines, err
}
