package release

// Memory is what the journal knows of an app.
type Memory struct {
	Network  Network
	Releases []Release // newest first
	Unended  *Deploy   // a deploy that was begun and never ended
	Next     int       // the number the next release gets
}
