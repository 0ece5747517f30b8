package load

import "sync"

// idlers are an open loop's clients that wait for work, the last used first.
type idlers struct {
	mu   sync.Mutex
	free []*client
	busy sync.WaitGroup
}

func (i *idlers) take(more func() *client) *client {
	i.mu.Lock()
	defer i.mu.Unlock()
	last := len(i.free) - 1
	if last < 0 {
		return more()
	}
	c := i.free[last]
	i.free = i.free[:last]
	return c
}

func (i *idlers) give(c *client) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.free = append(i.free, c)
}

func (i *idlers) close() {
	i.busy.Wait()
	for _, c := range i.free {
		c.hangUp()
	}
}
