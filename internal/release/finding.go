package release

import (
	"fmt"
	"net/netip"
	"strings"
)

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

// Claim is a port of the engine's machine that a container of the app gets.
type Claim struct {
	Owner    string // shared service cache, service web of blue
	Place    string // file:line:column
	Project  string // the compose project of its container
	Host     string // address, "" for all
	Port     int
	Protocol string // tcp, udp, sctp
}

// Address is where it is to listen, in the form of site.listen.
func (c Claim) Address() string {
	switch {
	case c.Host == "":
		return fmt.Sprint(c.Port)
	case strings.Contains(c.Host, ":"):
		return fmt.Sprintf("[%s]:%d", c.Host, c.Port)
	}
	return fmt.Sprintf("%s:%d", c.Host, c.Port)
}

// Published is a port that a running container has of the engine's machine.
type Published struct {
	Container string
	Project   string // of compose, "" for none
	Host      netip.Addr
	Port      int
	Protocol  string
}
