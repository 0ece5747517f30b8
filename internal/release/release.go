package release

import "time"

// Release is one version of an app that was, or is being, run.
type Release struct {
	App     string
	Number  int // counts from 1 in each app, never reused
	Color   Color
	State   State
	Images  map[string]string // colored service → image ID
	Kept    bool              // its Spec is, so it can be made anew
	Created time.Time
	By      string // user@host that asked for it
	Reason  string // why it failed, when it did
}

// State is where a release stands in its life.
type State string

// States of a release.
const (
	StateStarting State = "starting" // not yet live
	StateLive     State = "live"     // nginx routes to it, or last did
	StateReplaced State = "replaced" // was live, can be rolled back to
	// StateWithdrawn was live until a release before it was brought back; only
	// who names it gets it again.
	StateWithdrawn State = "withdrawn"
	StateFailed    State = "failed" // never went live
	StateUndone    State = "undone" // interrupted and undone
)

// WasLive reports whether the release has ever served clients, which is what
// makes it worth rolling back to.
func (r Release) WasLive() bool {
	return r.State == StateLive || r.State == StateReplaced || r.State == StateWithdrawn
}

// Spec is a release in the form that can be run again, in either color: the
// compose model after loading, coloring and pinning of images. It may hold
// secrets of the compose file's environment, so it is kept in the journal
// (mode 0600) and nowhere else.
type Spec struct {
	App      string            `json:"app"`
	Number   int               `json:"number"`
	Shared   []byte            `json:"shared"`   // model of the shared project
	Models   map[Color][]byte  `json:"models"`   // model of the project <app>-<color>
	Images   map[string]string `json:"images"`   // colored service → image ID, once pinned
	Deployed []byte            `json:"deployed"` // App.Deployed of the app it was made from
}

// Project is what a plan needs to know of the compose files.
type Project struct {
	Colored []ProjectService
	Shared  []ProjectService
	Notes   []string // what compose warns of, such as a variable that isn't set
}

// ProjectService is a service of the compose files.
type ProjectService struct {
	Name    string
	Build   bool   // has a build section
	Image   string // the image it names, "" if only built
	Present bool   // the image is on this engine
	Pull    string // pull policy: "", always, missing, never
}

// DeployKind is what a deploy is for.
type DeployKind string

// Deploys the journal knows.
const (
	KindDeploy   DeployKind = "deploy"
	KindRollback DeployKind = "rollback"
	KindUndo     DeployKind = "undo" // compensation of a failed or interrupted deploy
	KindDown     DeployKind = "down"
)

// Deploy is one run of a plan, as the journal remembers it.
type Deploy struct {
	ID      int64
	App     string
	Kind    DeployKind
	Release int // the release it brings, 0 for down
	By      string
	PID     int
	Started time.Time
	Ended   time.Time // zero while it runs, or if it was killed
	Outcome Outcome
	Step    string // the step it was last known at
	At      Step   // that step where it was begun and its end is not known, else zero
	// Undoes is the deploy, or rollback, that one of KindUndo takes back
	Undoes *Deploy
}

// Outcome is how a deploy ended.
type Outcome string

// Outcomes of a deploy.
const (
	OutcomeRunning     Outcome = ""
	OutcomeDone        Outcome = "done"
	OutcomeFailed      Outcome = "failed"
	OutcomeInterrupted Outcome = "interrupted" // found unfinished by a later command
	OutcomeUndone      Outcome = "undone"
)
