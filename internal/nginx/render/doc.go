// Package render turns an app into nginx configuration. It is pure: the same
// input gives the same text, so a hash of the text can stand for the shape of
// the app, and nothing is read or written here.
//
// Invariant: no text of the input reaches the output unless it passed an
// alphabet that has no quote, space, control character, nor any of nginx's
// ; { } $ # \ (check.go), whatever has been checked before.
package render
