package compose

import (
	"strings"
	"testing"
)

const withThree = `
services:
  web: {image: IMAGE, deploy: {replicas: 3}}
`

func TestWhatRunsBesideTheColorsIsTold(t *testing.T) {
	t.Parallel()
	s := newStage(t, withThree, web)
	s.stranger(s.app.Name, "web")
	s.stranger(s.app.Name, "other")
	project, err := s.Load(t.Context(), s.app)
	s.must(err)
	told := strings.Join(project.Notes, "\n")
	for _, want := range []string{"docker rm -f " + s.app.Name + "-web-1", "3 replicas of web; teal runs 1"} {
		if !strings.Contains(told, want) {
			t.Errorf("%q is not told in:\n%s", want, told)
		}
	}
	if strings.Contains(told, "other") {
		t.Errorf("what is none of the app's colored services is told of:\n%s", told)
	}
}
