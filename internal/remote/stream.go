package remote

import (
	"io"
	"sync"
)

// stream passes output on and keeps the last of it. A reader that goes away
// (teal --host … deploy | head) ends nothing, as it ends no deploy that runs
// here: what comes after is dropped.
type stream struct {
	to   io.Writer
	mu   sync.Mutex
	last []byte
	gone bool
}

const keptBytes = 4096

// Write is io.Writer's.
func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = append(s.last, p...)
	s.last = s.last[max(0, len(s.last)-keptBytes):]
	if !s.gone {
		_, err := s.to.Write(p)
		s.gone = err != nil
	}
	return len(p), nil
}

// String is the last of the output.
func (s *stream) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.last)
}
