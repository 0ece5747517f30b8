// Package release holds the words of teal: an app, its colors, a release, the
// routing table, the steps of a plan, what was observed, what happened, and
// the errors that name all of these. It imports the standard library alone,
// so every other room can speak these words without knowing another room.
package release
