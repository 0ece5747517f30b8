//go:build !unix

package journal

// ours has nothing to ask where folders have no user who owns them.
func (j *Journal) ours() error { return nil }
