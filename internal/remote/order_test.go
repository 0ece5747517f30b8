package remote

import (
	"bufio"
	"bytes"
	"os"
	"strings"
	"testing"
)

func TestVariablesAreGivenByValueOrTakenFromHere(t *testing.T) {
	here := func(name string) (string, bool) {
		return map[string]string{"VERSION": "7", "EMPTY": ""}[name], name != "UNSET"
	}
	got, err := Variables([]string{"VERSION", "EMPTY", "A=b=c d", "B="}, here)
	if err != nil || strings.Join(got, "|") != "VERSION=7|EMPTY=|A=b=c d|B=" {
		t.Errorf("%q %v", got, err)
	}
	for _, bad := range []string{"UNSET", "", "=x", "1A=x", "A-B=x", "A B=x", "A\n=x"} {
		if got, err := Variables([]string{bad}, here); err == nil {
			t.Errorf("%q gives %q", bad, got)
		}
	}
}

func TestAnOrderBringsTheEnvironmentWholeAndTheEndOfInputInterrupts(t *testing.T) {
	t.Setenv("TEALTEST_A", "")
	const value = "line\nline \x01 \"q\" ü €"
	line, err := order{[]string{"TEALTEST_A=" + value}}.line()
	if err != nil || strings.Count(string(line), "\n") != 1 {
		t.Fatalf("%q %v", line, err)
	}
	interrupted := make(chan struct{})
	if err := Attach(bytes.NewReader(line), func() { close(interrupted) }); err != nil {
		t.Fatal(err)
	}
	if got := os.Getenv("TEALTEST_A"); got != value {
		t.Errorf("the value is %q", got)
	}
	<-interrupted
}

func TestInterruptsAreCountedAndALostConnectionOnlyIfNoneCame(t *testing.T) {
	for text, want := range map[string]int{"": 1, "nonsense\n": 1, "nonsense\ninterrupt\n": 1, "interrupt\ninterrupt\n": 2, "interrupt": 1} {
		got := 0
		listen(bufio.NewReader(strings.NewReader(text)), func() { got++ })
		if got != want {
			t.Errorf("%q is %d interrupts, want %d", text, got, want)
		}
	}
}

func TestWhatIsNoOrderIsRefused(t *testing.T) {
	for _, text := range []string{"", "{}", "deploy\n", "[]\n", `{"env":["A B=c"]}` + "\n", `{"env":["=c"]}` + "\n"} {
		if err := Attach(strings.NewReader(text), func() {}); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
