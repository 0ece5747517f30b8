// Command beat is a scheduler that must never run twice. It writes into a
// ledger when it begins and ends, and that it was not alone if another has the
// lock beside it.
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"teal/examples/demo/app/serve"
)

func main() {
	if err := run(filepath.Join(os.Getenv("LEDGER"), "beats")); err != nil {
		log.Fatal(err)
	}
}

func run(ledger string) error {
	ctx, cancel := serve.Signals()
	defer cancel()
	who := serve.Self()
	if who.Version == os.Getenv("BROKEN") {
		return fmt.Errorf("version %s can't run", who.Version)
	}
	// The kernel's: it ends with its holder, also in another container.
	lock := flock.New(ledger + ".lock")
	alone, err := lock.TryLock()
	if err != nil {
		return err
	}
	if err := write(ledger, who, map[bool]string{true: "begins", false: "is not alone"}[alone]); err != nil {
		return err
	}
	<-ctx.Done()
	return write(ledger, who, "ends")
}

func write(ledger string, who serve.Identity, what string) error {
	file, err := os.OpenFile(ledger, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = fmt.Fprintf(file, "%s %s %s\n", who.Version, who.Color, what)
	return err
}
