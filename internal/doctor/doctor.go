// Package doctor examines a machine and an app before a deploy does: it turns
// what Docker, nginx, the files and this machine say into findings, each with
// its fix.
//
// The invariants: it changes nothing; it works where Docker, nginx or
// teal.yaml are missing, since these are its findings; a fail is something
// that a deploy would stop at, or must not be let near.
package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"teal/internal/release"
)

// Case is what is examined: facts that other rooms gathered, each with the
// error that stood in for it.
type Case struct {
	Now    time.Time
	Root   string // state root, absolute
	App    *release.App
	AppErr error // why there is no App; nil with neither: no teal.yaml here

	Engine    release.EngineFacts
	EngineErr error

	Proxies []Proxy // in the order of the chain

	Survey    *release.Survey // nil where the files could not be read
	SurveyErr error
	Own       map[release.Color]release.Survey // of the colors' own files, where the app has such

	Claims    []release.Claim     // ports of the engine's machine that the app's containers get
	Published []release.Published // those that containers have now

	Notify []release.Notified // whether each of those who are to be told has an address; nobody was told
}

// Proxy is one nginx of the chain and what it answered.
type Proxy struct {
	release.Proxy
	State release.ProxyState
	Err   error

	Built    []string // configure arguments of nginx -V; none where that can't be asked
	BuiltErr error
}

// Examine looks at everything. The findings are in the order in which one
// would mend them.
func Examine(c Case) []release.Finding {
	return c.run([]func() []release.Finding{
		c.engine,
		c.nginx,
		c.state,
		c.space,
		c.file,
		c.listens,
		c.claims,
		c.certificate,
		c.hazards,
		c.notify,
	})
}

func (c Case) run(checks []func() []release.Finding) []release.Finding {
	var all []release.Finding
	for _, check := range checks {
		all = append(all, check()...)
	}
	return all
}

// file is about teal.yaml itself.
func (c Case) file() []release.Finding {
	switch {
	case c.AppErr != nil:
		return mistakes(c.AppErr)
	case c.App == nil:
		return []release.Finding{warn("no teal.yaml here, so no app was looked at", "teal init")}
	}
	return []release.Finding{ok("%s describes %s: %s colored", c.App.File, c.App.Name, names(*c.App))}
}

// mistakes are all that is wrong with teal.yaml, which tells the first as the
// error and the others as its detail.
func mistakes(err error) []release.Finding {
	var known *release.Error
	if !errors.As(err, &known) || errors.Is(err, fs.ErrNotExist) {
		return []release.Finding{fail(release.CodeOf(err), err.Error(), "teal init")}
	}
	var found []release.Finding
	for _, what := range append([]string{err.Error()}, known.Detail...) {
		found = append(found, fail(known.Code, what, known.Next))
	}
	return found
}

func names(app release.App) string {
	var list []string
	for _, s := range app.Services {
		list = append(list, s.Name)
	}
	return strings.Join(list, ", ")
}

func (c Case) hazards() []release.Finding {
	if c.SurveyErr != nil {
		return []release.Finding{fault("", c.SurveyErr)}
	}
	if c.App == nil || c.Survey == nil {
		return nil
	}
	found := append(Hazards(*c.App, *c.Survey), OwnHazards(*c.App, *c.Survey, c.Own)...)
	if len(found) == 0 {
		return []release.Finding{ok("the compose files have no hazard for two colors")}
	}
	return found
}

// notify is about who is to be told of deploys. None of them holds one up. The
// variables are those of this shell; the deploy's may be others.
func (c Case) notify() []release.Finding {
	var found []release.Finding
	for _, n := range c.Notify {
		if !n.OK {
			found = append(found, warn(fmt.Sprintf("notify: %s can't be told of deploys from here: %s", n.Target, n.Error),
				"set it where teal deploy runs, or take the entry out of notify in teal.yaml"))
		}
	}
	return found
}

func ok(format string, args ...any) release.Finding {
	return release.Finding{Grade: release.GradeOK, What: fmt.Sprintf(format, args...)}
}

func warn(what, fix string) release.Finding {
	return release.Finding{Grade: release.GradeWarn, What: what, Fix: fix}
}

func fail(code release.Code, what, fix string) release.Finding {
	return release.Finding{Grade: release.GradeFail, Code: code, What: what, Fix: fix}
}

// fault makes a finding of an error, with the first line of its evidence.
func fault(prefix string, err error) release.Finding {
	f := fail(release.CodeOf(err), prefix+err.Error(), "")
	var known *release.Error
	if errors.As(err, &known) {
		f.Fix = known.Next
		if len(known.Detail) > 0 && !strings.Contains(f.What, known.Detail[0]) {
			f.What += ": " + known.Detail[0]
		}
	}
	return f
}
