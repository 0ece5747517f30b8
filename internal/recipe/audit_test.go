package recipe

import (
	"os"
	"strings"
	"testing"
)

// The repository's own workflow runs elsewhere alone, so its mistakes would
// show there alone.
func TestTheAuditWorkflowPassesActionlintAndRunsWhatTheMakefileHas(t *testing.T) {
	text, err := os.ReadFile("../../.github/workflows/audit.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range linted(t, string(text)) {
		t.Error(fault)
	}
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, step := range parsedWorkflow(t, string(text)).Jobs["audit"].Steps {
		for line := range strings.Lines(step.Run) {
			_, target, found := strings.Cut(strings.TrimSpace(line), "make ")
			if !found {
				continue
			}
			ran++
			if !strings.Contains(string(makefile), "\n"+target+":") {
				t.Errorf("the Makefile has no target %q", target)
			}
		}
	}
	if ran < 4 {
		t.Errorf("%d targets run: this shows little", ran)
	}
}
