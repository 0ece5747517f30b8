package probe

import (
	"strings"
	"testing"
	"time"

	"teal/internal/release"
)

func TestExitCodesAreWorded(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]string{
		0:   "exited with code 0, though it should stay up",
		1:   "exited with code 1",
		126: "exited with code 126 (its command can't be executed)",
		127: "exited with code 127 (its command isn't in the image)",
		137: "was killed by SIGKILL (exit code 137)",
		139: "was killed by SIGSEGV (exit code 139)",
		143: "was killed by SIGTERM (exit code 143)",
		255: "exited with code 255",
	} {
		if got := ending(release.Container{ExitCode: code}); got != want {
			t.Errorf("%d: %s, want %s", code, got, want)
		}
	}
}

func TestAProcessKilledForMemoryIsToldFromTheContainer(t *testing.T) {
	t.Parallel()
	o := obituary{cause: killedOOM, container: release.Container{Running: true, OOM: true}}
	what, _, _ := o.tell("web-green-1", "web")
	if what != "a process of web-green-1 was killed for memory" {
		t.Error(what)
	}
}

func TestContainerTextIsMadePrintable(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		" plain \n":     "plain",
		"a\tb\x00c":     `a\tb\x00c`,
		"čeština":       "čeština",
		"bad\xffbyte":   "bad\ufffdbyte",
		"0123456789abc": "0123456789 …",
		"012345678čx":   "012345678 …",
	} {
		if got := printable(text, 10); got != want && len(text) != 0 {
			t.Errorf("%q prints %q, want %q", text, got, want)
		}
	}
}

const killed = "4,871,2122420047,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0," +
	"oom_memcg=/docker,task_memcg=/system.slice/docker-c446583b.scope,task=app,pid=8045,uid=0\n"

func TestTheKernelsLogTellsWhoWasKilledForMemory(t *testing.T) {
	t.Parallel()
	if when, ok := killRecord(killed, "c446583b"); !ok || when != 2122420047*time.Microsecond {
		t.Errorf("%v %v", when, ok)
	}
	for _, record := range []string{
		"", "4,871,x,-;oom-kill:,task_memcg=/docker/c446583b,", "4,1,2,-;said ,task_memcg=/docker/c446583b,",
		strings.Replace(killed, "c446583b", "ffffffff", 1), strings.Replace(killed, "task_memcg", "other", 1),
	} {
		if _, ok := killRecord(record, "c446583b"); ok {
			t.Errorf("taken for a kill: %q", record)
		}
	}
}
