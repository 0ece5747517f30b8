// Package compose runs an application's containers in two colors on a Docker
// engine, through the Docker Compose SDK, whose types stay inside.
//
// The invariant: whatever is asked of a color touches containers and networks
// of the project <app>-<color> that carry this application's teal.app label
// and nothing else; a shared container is created, started and connected, but
// never stopped, recreated or removed by a release. Everything is found by
// label each time, so a call repeated after a crash converges.
//
// A release is rendered once, into the bytes of a release.Spec. Containers
// are made from these bytes alone, never again from the user's files, so a
// release can be run again after the files have changed.
package compose
