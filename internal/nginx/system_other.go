//go:build !unix

package nginx

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// No nginx is driven on such a machine; teal --host drives one on another.
var errElsewhere = fmt.Errorf("drive nginx here: %w; use --host ssh://user@host", errors.ErrUnsupported)

func replace(string, []byte, os.FileMode) error { return errElsewhere }

const noFollow = 0

func kill(int, syscall.Signal) error { return errElsewhere }

func ownership(os.FileInfo) (uid, gid int) { return -1, -1 }
