package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// teal --host is for workstations and CI agents of other systems.
func TestScenarioTheCommandLineBuildsForLinuxMacOSAndWindows(t *testing.T) {
	t.Parallel()
	for _, system := range []string{"linux", "darwin", "windows"} {
		cmd := exec.Command("go", "build", "-o", filepath.Join(t.TempDir(), "teal"), "../../cmd/teal")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", system, err, out)
		}
	}
}
