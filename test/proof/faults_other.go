//go:build !linux

package main

import (
	"context"
	"errors"
)

// faults wants an engine of its own, and nginx's processes.
func (p *proof) faults(context.Context) error { return errors.New("this part takes Linux") }
