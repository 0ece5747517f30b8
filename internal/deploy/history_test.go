package deploy

import (
	"flag"
	"fmt"
	"slices"
	"testing"

	"teal/internal/release"

	"pgregory.net/rapid"
)

// perHistory is how many commands a history has; rapid makes 100 histories.
const perHistory = 110

// story is a machine that people and faults do things to, and the little that
// has to be known to tell what should be live: the release that served last.
type story struct {
	*machine
	app  release.App
	said []string
}

// seeded makes the histories the same each time; -rapid.seed asks for others,
// and with -rapid.checks there may be as many as one likes.
func seeded(t *testing.T) {
	if seed := flag.Lookup("rapid.seed"); seed.Value.String() == "0" {
		if err := seed.Value.Set("1"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestARandomHistoryOfCommandsAndFaultsKeepsThePromise(t *testing.T) {
	seeded(t)
	commands := 0
	rapid.Check(t, func(t *rapid.T) {
		s := &story{machine: newMachine(), app: with(rapid.SampledFrom([]release.Standby{release.StandbyCold, release.StandbyWarm, release.StandbyNone}).Draw(t, "standby"))}
		s.app.Policy.Keep = rapid.IntRange(2, 4).Draw(t, "keep")
		for range perHistory {
			s.meanwhile(t)
			s.command(t)
			commands++
		}
	})
	t.Logf("%d commands", commands)
}

// meanwhile is what may happen between two commands.
func (s *story) meanwhile(t *rapid.T) {
	what := rapid.SampledFrom([]string{"", "", "", "", "", "reboot", "stop", "remove", "journal", "shape"}).Draw(t, "meanwhile")
	c := s.colors[rapid.SampledFrom(release.Colors).Draw(t, "color")]
	n := len(c.containers)
	switch {
	case what != "reboot" && !s.remembered():
		return // with no journal nobody knows what is missing, or of which shape a release was
	case what == "reboot":
		s.reboot()
	case what == "stop" && n > 0:
		f := &c.containers[rapid.IntRange(0, n-1).Draw(t, "container")]
		f.running, f.ending = false, false
	case what == "remove" && n > 0:
		at := rapid.IntRange(0, n-1).Draw(t, "container")
		c.containers = slices.Delete(c.containers, at, at+1)
	case what == "journal" && s.whole() && rapid.IntRange(0, 9).Draw(t, "lost") == 0:
		s.loseJournal()
	case what == "shape":
		s.app = shaped(s.app, rapid.IntRange(1, 3).Draw(t, "replicas"))
	}
	s.said = append(s.said, what)
}

// whole reports whether all is as the last command should leave it, and in the
// shape that the app has: all else a lost journal would have had to tell.
func (s *story) whole() bool {
	replicas := 0
	for _, svc := range s.app.Services {
		replicas += svc.Replicas
	}
	return s.sound(s.app) == nil && len(s.lags()) == 1 && len(s.colors[s.routed()].containers) == replicas
}

// remembered reports whether the journal has what stands in the colors.
func (s *story) remembered() bool {
	return !slices.ContainsFunc(release.Colors, func(c release.Color) bool {
		number := s.colors[c].release()
		return number != 0 && s.specs[number].Number == 0
	})
}

// command is one that a person types; it may fail, be killed, or be
// interrupted at any of its changes.
func (s *story) command(t *rapid.T) {
	c := rapid.SampledFrom([]typed{deployIt, deployIt, deployIt, rollbackIt, rollbackTo(rapid.IntRange(1, s.memory.Next).Draw(t, "to")), abortIt, downIt}).Draw(t, "command")
	if c.name == downIt.name && rapid.IntRange(0, 3).Draw(t, "really") > 0 {
		c = deployIt
	}
	clear(s.unhealthy)
	s.failing, s.fault, s.lag = 0, fault{}, rapid.IntRange(0, 6).Draw(t, "lag")
	at := rapid.IntRange(1, 60).Draw(t, "at")
	before, number := s.lasting(), 0
	if before != release.None {
		number = s.colors[before].release()
	}
	how := rapid.SampledFrom([]string{"", "", "", "bad", "migration", "fault", "kill", "kill"}).Draw(t, "how")
	s.said = append(s.said, fmt.Sprint(c.name, " ", how, " ", at))
	var err error
	dead := false
	switch how {
	case "bad":
		s.unhealthy[s.memory.Next] = true
	case "migration":
		s.failing = s.memory.Next
	case "fault":
		f := rapid.SampledFrom(ways(at)).Draw(t, "fault")
		f.err = rapid.SampledFrom(faults).Draw(t, "error")
		s.fault = f
	}
	if how == "kill" {
		dead = s.dies(c, s.app, at)
	}
	if !dead && how != "kill" {
		err = s.run(c, s.app)
	}
	if s.fault = (fault{}); how == "fault" {
		s.lag = 0
		s.lagging() // to mend it takes longer than a stop
	}
	s.judge(t, c, how, dead, err, before, number)
}

// judge checks what every command owes, and what one that has come to its end
// does.
func (s *story) judge(t *rapid.T, c typed, how string, dead bool, err error, before release.Color, number int) {
	if s.violation != nil {
		t.Fatalf("%v: %v\n%v", s.violation, s.events, s.tail())
	}
	if err := s.linear(); err != nil {
		t.Fatalf("%v\n%v", err, s.tail())
	}
	if dead || how == "kill" {
		return
	}
	if err == nil && how != "fault" && (c.name == deployIt.name || c.name == rollbackIt.name) {
		s.lag = 0
		if err := s.sound(s.app); err != nil {
			t.Fatalf("%v: %v\n%v", err, s.events, s.tail())
		}
	}
	if err != nil {
		if err := told(err); err != nil {
			t.Fatalf("%v\n%v", err, s.tail())
		}
		after := s.serving()
		if s.live != release.None && !s.gone && after == release.None {
			t.Fatalf("release %d served, nothing does any more: %v\n%v", number, s.events, s.tail())
		}
	}
}

// linear checks the journal's history: numbers are given out once and upwards,
// and one release at most is live.
func (s *story) linear() error {
	last, live := 0, 0
	for _, d := range s.deploys {
		if d.Kind != release.KindDeploy {
			continue
		}
		if d.Release <= last {
			return fmt.Errorf("release %d was begun after release %d", d.Release, last)
		}
		last = d.Release
	}
	for _, r := range s.memory.Releases {
		if r.State == release.StateLive {
			live++
		}
	}
	if live > 1 {
		return fmt.Errorf("%d releases are live", live)
	}
	return nil
}

func (s *story) tail() []string { return s.said[max(0, len(s.said)-12):] }
