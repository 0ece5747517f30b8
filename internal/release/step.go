package release

import "time"

// StepKind is what a step of a plan does.
type StepKind string

// The steps, in the order a first deploy meets them.
const (
	StepBuild   StepKind = "build"   // images of services with a build section
	StepPull    StepKind = "pull"    // images that a policy or their absence asks for
	StepPin     StepKind = "pin"     // resolve images to IDs, tag them for the release
	StepImages  StepKind = "images"  // of an earlier release: are they still here
	StepNetwork StepKind = "network" // the app's network, with its fixed subnet
	StepShared  StepKind = "shared"  // shared services: created if missing, never recreated
	StepRelease StepKind = "release" // the release command, once, before the new color starts
	StepClear   StepKind = "clear"   // remove a color that isn't live
	StepStart   StepKind = "start"   // create and start a color from its release's spec
	StepResume  StepKind = "resume"  // start the stopped containers of a color again
	StepHealthy StepKind = "healthy" // wait for the health gates of a color
	StepProxy   StepKind = "proxy"   // start teal's own nginx
	StepRoute   StepKind = "route"   // write nginx config, test, reload, confirm the generation
	StepShift   StepKind = "shift"   // rename the table
	StepConfirm StepKind = "confirm" // ask every proxy which table it sees
	StepDrain   StepKind = "drain"   // wait for the color's connections to end
	StepStop    StepKind = "stop"    // stop a color, keep its containers
	StepUnroute StepKind = "unroute" // down: take the app out of nginx
	StepRemove  StepKind = "remove"  // down: containers and networks of the whole app
	StepPrune   StepKind = "prune"   // drop images of releases that history no longer keeps
)

// Step is one effect of a plan. It is a value without behavior: the runner
// does what it says and decides nothing.
type Step struct {
	Kind     StepKind      `json:"kind"`
	Color    Color         `json:"color,omitempty"`
	Release  int           `json:"release,omitempty"`
	Services []string      `json:"services,omitempty"`
	Table    *Table        `json:"table,omitempty"` // shift and confirm
	Keep     []int         `json:"keep,omitempty"`  // prune: the releases whose images stay
	Limit    time.Duration `json:"limit,omitempty"` // how long it may wait
	Volumes  bool          `json:"volumes,omitempty"`
	Subject  string        `json:"subject"` // what the plan prints beside the kind
	Cause    string        `json:"cause"`   // why the step is there
}

// Label names the step in an error: start green, shift green=100.
func (s Step) Label() string {
	if s.Color != None && s.Table == nil {
		return string(s.Kind) + " " + string(s.Color)
	}
	return string(s.Kind) + " " + s.Subject
}

// Event is one line of a deploy's story, for terminals, pipes and JSON.
type Event struct {
	Time    time.Time     `json:"time"`
	Type    EventType     `json:"type"`
	App     string        `json:"app"`
	Deploy  int64         `json:"deploy,omitempty"`
	Number  int           `json:"n,omitempty"`  // the step's place in the plan, from 1
	Of      int           `json:"of,omitempty"` // steps in the plan
	Step    *Step         `json:"step,omitempty"`
	Took    time.Duration `json:"took_ns,omitempty"` // on end and failure of a step
	Text    string        `json:"text,omitempty"`    // progress or output, one line
	Receipt *Receipt      `json:"receipt,omitempty"`
	Error   *Error        `json:"error,omitempty"`
}

// EventType tells events apart.
type EventType string

// The events, in the order a deploy sends them.
const (
	EventBegin    EventType = "begin"    // a plan starts
	EventStep     EventType = "step"     // a step starts
	EventProgress EventType = "progress" // something moved within a step
	EventOutput   EventType = "output"   // a line of a build, a pull or a container's log
	EventDone     EventType = "done"     // a step ended well
	EventFailed   EventType = "failed"   // a step failed
	EventNote     EventType = "note"     // something a person should know
	EventReceipt  EventType = "receipt"  // the end
)
