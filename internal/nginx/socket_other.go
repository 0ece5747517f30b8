//go:build !linux

package nginx

import "errors"

// There is no nginx of ours to look at where it isn't Linux.
func (t socketTable) told(int) ([]socket, error) { return nil, errors.ErrUnsupported }
