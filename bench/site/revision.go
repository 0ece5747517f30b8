package site

import (
	"context"
	"encoding/json"
	"os/exec"
)

// Revision is what the binary was built from, by its own word.
func Revision(ctx context.Context, teal string) (string, error) {
	out, err := exec.CommandContext(ctx, teal, "version", "--json").Output()
	if err != nil {
		return "", err
	}
	var says struct{ Version string }
	return says.Version, json.Unmarshal(out, &says)
}
