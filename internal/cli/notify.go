package cli

import (
	"os"

	"teal/internal/journal"
	"teal/internal/notify"
	"teal/internal/release"
)

// announcer stands between a deploy and its stream and tells those whom
// teal.yaml's notify names. The receipt is held back until they were told, or
// could not be: it says so.
type announcer struct {
	app      release.App
	journal  *journal.Journal
	notifier *notify.Notifier
	next     func(release.Event)
	begun    notify.Message
	receipt  *release.Event
}

// announce makes the deployer's events heard by those who are to be told. The
// returned function is called after the deploy, when its lock is free: it
// waits for what is under way, five seconds at most, and tells the receipt.
func (g *globals) announce(p *parts) (end func()) {
	if len(p.app.Notify) == 0 {
		return func() {}
	}
	a := &announcer{app: p.app, journal: p.journal, next: p.deployer.Events, notifier: notify.New(p.app.Notify, os.Environ())}
	p.deployer.Events = a.event
	return a.end
}

func (a *announcer) event(e release.Event) {
	switch e.Type {
	case release.EventBegin:
		a.begin(e)
	case release.EventReceipt:
		a.receipt = &e
		if e.Receipt.Kind != release.KindDown {
			a.notifier.Tell(a.begun.Ended(*e.Receipt, e.Error))
		}
		return
	}
	a.next(e)
}

// begin tells that a deploy or rollback has started. What it is the journal
// knows: it was written down a moment ago.
func (a *announcer) begin(e release.Event) {
	d := release.Deploy{ID: e.Deploy, Kind: release.KindDeploy}
	memory, err := a.journal.Memory(a.app.Name)
	if err == nil && memory.Unended != nil {
		d = *memory.Unended
	}
	a.begun = notify.Begin(a.app, d, e.Text)
	if d.Kind == release.KindDeploy || d.Kind == release.KindRollback {
		a.notifier.Tell(a.begun)
	}
}

func (a *announcer) end() {
	told := a.notifier.End()
	if a.receipt == nil {
		return
	}
	a.receipt.Receipt.Notified = told
	a.next(*a.receipt)
}
