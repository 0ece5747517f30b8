package cli

import (
	"strings"
	"testing"
)

func TestTheHostIsFoundWhereverItStandsAndTheRestIsLeftAlone(t *testing.T) {
	for line, want := range map[string]elsewhere{
		"deploy":                              {args: []string{"deploy"}},
		"--host ssh://h deploy --json":        {host: "ssh://h", args: []string{"deploy", "--json"}},
		"deploy --host=ssh://h -f x":          {host: "ssh://h", args: []string{"deploy", "-f", "x"}},
		"--env A=b --host ssh://h --env=C up": {host: "ssh://h", env: []string{"A=b", "C"}, args: []string{"up"}},
		"--host ssh://a --host ssh://b up":    {host: "ssh://b", args: []string{"up"}},
		"logs -- --host ssh://h --env A":      {args: []string{"logs", "--", "--host", "ssh://h", "--env", "A"}},
		"--hosts x --environment y":           {args: []string{"--hosts", "x", "--environment", "y"}},
	} {
		got, err := find(strings.Fields(line))
		if err != nil || got.host != want.host || strings.Join(got.env, "|") != strings.Join(want.env, "|") || strings.Join(got.args, "|") != strings.Join(want.args, "|") {
			t.Errorf("%s: %+v %v, want %+v", line, got, err, want)
		}
	}
}

func TestMisuseOfHostAndEnvIsRefusedHere(t *testing.T) {
	for _, line := range []string{"deploy --host", "deploy --env", "--host= deploy", "--env A=b deploy"} {
		if e, err := find(strings.Fields(line)); err == nil {
			t.Errorf("%s is taken for %+v", line, e)
		}
	}
}
