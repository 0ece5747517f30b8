package plan

import (
	"fmt"
	"strings"

	"teal/internal/release"
)

func brokenProxy(p release.ProxyState) error {
	return &release.Error{
		Code:   release.Unreachable,
		What:   p.Name + " has a broken config that is not teal's; it would refuse any reload",
		Detail: strings.Split(strings.TrimSpace(p.Broken), "\n"),
		Next:   "mend it until nginx -t passes, then run teal deploy",
	}
}

func stoppedProxy(p release.ProxyState) error {
	if p.Absent != nil {
		return p.Absent
	}
	return &release.Error{
		Code: release.Unreachable,
		What: p.Name + " does not run",
		Next: "start it (systemctl start nginx), then run teal deploy",
	}
}

func nothingLive(app string) error {
	return &release.Error{
		Code: release.Invalid,
		What: "nothing to roll back: no release of " + app + " is live",
		Next: "teal deploy",
	}
}

func nothingBefore(now int) error {
	return &release.Error{
		Code: release.Invalid,
		What: fmt.Sprintf("nothing to roll back to: no release before %d has served clients and is still kept", now),
		Next: "teal history shows what there is; teal deploy brings a new release",
	}
}

func alreadyLive(number int, c release.Color) error {
	return &release.Error{
		Code: release.Invalid,
		What: fmt.Sprintf("release %d is live already, in %s", number, c),
		Next: "teal status",
	}
}

func noSuchRelease(o release.Observed, wanted int) error {
	var have []string
	for _, r := range o.Releases {
		if known(o, r.Number) && r.Number != o.ReleaseIn(o.Live()) {
			have = append(have, fmt.Sprint(r.Number))
		}
	}
	next := "teal history shows what there is"
	if len(have) > 0 {
		next = "one of " + list(have) + ": teal rollback --to " + have[0]
	}
	return &release.Error{
		Code: release.Invalid,
		What: fmt.Sprintf("release %d can't be run again: it never served clients, or is no longer kept", wanted),
		Next: next,
	}
}
