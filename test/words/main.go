// Command words prints its arguments as JSON: what of a command line arrives
// on the other side of ssh and a shell.
package main

import (
	"encoding/json"
	"os"
)

func main() {
	if err := json.NewEncoder(os.Stdout).Encode(os.Args[1:]); err != nil {
		os.Exit(1)
	}
}
