package release

// Grade says how bad a finding is.
type Grade string

// The grades. A fail keeps a deploy from working; a warn is a risk.
const (
	GradeOK   Grade = "ok"
	GradeWarn Grade = "warn"
	GradeFail Grade = "fail"
)

// Finding is one thing that teal doctor looked at.
type Finding struct {
	Grade Grade  `json:"grade"`
	What  string `json:"what"`            // lower case, no full stop
	Place string `json:"place,omitempty"` // file:line:column, for a hazard of the files
	Fix   string `json:"fix,omitempty"`   // a command to type, or what to change
	Code  Code   `json:"code,omitempty"`  // of a fail
}

// EngineFacts are what teal doctor wants to know of a Docker engine.
type EngineFacts struct {
	Host        string // where it is reached
	Version     string
	API         string // the version agreed on
	Driver      string // storage driver
	Root        string // its data folder, on its machine
	Local       bool   // its machine is this one
	LiveRestore bool   // containers outlive a restart of the engine
	Swarm       bool   // live-restore isn't possible in a swarm
}
