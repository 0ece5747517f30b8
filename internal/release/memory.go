package release

// Memory is what the journal knows of an app.
type Memory struct {
	Network  Network
	Releases []Release // newest first
	Unended  *Deploy   // the newest deploy that was begun and never ended
	Older    []Deploy  // others that never ended, the newest first: one that was being undone, say
	Next     int       // the number the next release gets
}
