// Command teal releases Docker Compose applications behind nginx without
// losing a request.
package main

import (
	"os"

	"teal/internal/cli"
)

// version is set by the linker.
var version = "dev"

func main() {
	os.Exit(cli.Run(cli.Env{
		Args: os.Args[1:], Version: version, Getenv: os.Getenv,
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
	}))
}
