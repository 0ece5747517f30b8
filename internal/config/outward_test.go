package config

import (
	"strings"
	"testing"
)

// Names become parts of paths under the state root, of containers and of
// images, so none is itself a path.
func TestANameThatIsAPathIsRefused(t *testing.T) {
	folder(t, base)
	if _, err := Load("teal.yaml"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"..", ".", "../voda", "voda/..", "/voda", "voda/", "./voda", ".voda", `..\voda`, "%2e%2e", "~", "-", "voda.."} {
		for what, text := range map[string]string{
			"app":     strings.Replace(base, "app: voda", "app: '"+name+"'", 1),
			"service": strings.ReplaceAll(base, "web", "'"+name+"'"),
			"label":   base + "proxy: {kind: standalone, label: '" + name + "'}\n",
		} {
			if what == "service" && name == "voda.." {
				continue // a service may have dots inside and behind, as with compose
			}
			write(t, "teal.yaml", text)
			_, err := Load("teal.yaml")
			if !strings.Contains(strings.Join(problems(t, err), " "), what) {
				t.Errorf("%s %q: %v", what, name, err)
			}
		}
	}
}
