package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"regexp"
	"sync"
)

var (
	errID    = errors.New("an order's id is 1 to 64 letters, digits, dots or dashes")
	errTwice = errors.New("an order of that id is in the ledger already")
	idShape  = regexp.MustCompile(`^[A-Za-z0-9.-]{1,64}$`)
)

// ledger holds the ids of orders, a line each, in the order they came. An id is
// taken once: a request that a proxy sent twice shows up as an error.
type ledger struct {
	mu   sync.Mutex
	file *os.File
	ids  map[string]bool
}

// openLedger reads what an earlier run of the store has kept.
func openLedger(path string) (*ledger, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	l := &ledger{file: file, ids: map[string]bool{}}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		l.ids[lines.Text()] = true
	}
	if err := lines.Err(); err != nil {
		file.Close()
		return nil, err
	}
	return l, nil
}

// add writes the id before anyone is told that it was taken.
func (l *ledger) add(id string) error {
	if !idShape.MatchString(id) {
		return errID
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ids[id] {
		return fmt.Errorf("%s: %w", id, errTwice)
	}
	if _, err := fmt.Fprintln(l.file, id); err != nil {
		return fmt.Errorf("write the ledger: %w", err)
	}
	l.ids[id] = true
	return nil
}

func (l *ledger) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.ids)
}

func (l *ledger) close() error { return l.file.Close() }
