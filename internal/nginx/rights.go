package nginx

import (
	"errors"
	"io/fs"

	"teal/internal/release"
)

// rightful tells a person without the rights to teal's own nginx what to type
// instead. Other errors stay as they are.
func (r *Router) rightful(verb string, err error) error {
	var told *release.Error
	if !errors.Is(err, fs.ErrPermission) || errors.As(err, &told) {
		return err
	}
	return &release.Error{
		Code: release.Unreachable, What: "you have no right to teal's own nginx and its files",
		Detail: []string{err.Error()}, State: "nothing was changed",
		Next: "sudo teal proxy " + verb + " --state " + r.root, Err: err,
	}
}
