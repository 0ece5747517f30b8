package e2e

import (
	"os/exec"
	"testing"
)

func TestScratchA(t *testing.T) {
	a, s := found(t, "nginx-container")
	t.Log(a.teal("init"))
	out, err := s.Run(t.Context(), nil, "docker-compose", "ps")
	t.Log(out, err)
	a.env = append(a.env, "X=1")
	b, err := exec.Command("docker", "exec", s.ID+"-my-nginx", "nginx", "-T").Output()
	dump := string(b)
	t.Log(err)
	a.write("nginx.dump", dump)
	t.Log(a.teal("init", "--nginx-dump", "nginx=nginx.dump"))
}
