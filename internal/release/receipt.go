package release

import "time"

// Receipt is the proof a deploy ends with.
type Receipt struct {
	App      string        `json:"app"`
	Kind     DeployKind    `json:"kind"`
	Release  int           `json:"release"`
	Color    Color         `json:"color,omitempty"`
	Replaced int           `json:"replaced,omitempty"` // release that was live before
	Outcome  Outcome       `json:"outcome"`
	Live     Color         `json:"live"` // what nginx routes to at the end
	Started  time.Time     `json:"started"`
	Took     time.Duration `json:"took_ns"`
	Switch   time.Duration `json:"switch_ns,omitempty"` // from the decision to nginx's confirmation
	Clients  *Traffic      `json:"clients,omitempty"`   // from the nginx log of the deploy's window
	Witness  *Witnessed    `json:"witness,omitempty"`
	Drained  *Drained      `json:"drained,omitempty"`
	Steps    []StepTook    `json:"steps,omitempty"`
	Notified []Notified    `json:"notified,omitempty"` // who was told; in what is printed, not in the journal
}

// Lost is how many requests went unanswered as far as anyone saw.
func (r Receipt) Lost() int {
	lost := 0
	if r.Clients != nil {
		lost += r.Clients.Lost
	}
	if r.Witness != nil {
		lost += r.Witness.Lost()
	}
	return lost
}

// StepTook is how long a step took.
type StepTook struct {
	Kind StepKind      `json:"kind"`
	Took time.Duration `json:"took_ns"`
}

// Traffic is what nginx logged of real clients in a window.
type Traffic struct {
	Requests int            `json:"requests"`
	ByColor  map[Color]int  `json:"by_color"`  // requests by the color that answered
	ByStatus map[string]int `json:"by_status"` // 2xx, 3xx, 4xx, 5xx
	Lost     int            `json:"lost"`      // 502 and 504 that nginx itself had to answer: no color did
	Errors   int            `json:"errors"`    // 5xx that the application answered
	Failover int            `json:"failover"`  // answered by the other color after the first could not be reached
	Gone     int            `json:"gone"`      // clients that hung up first (499)
}

// Witnessed is what an outside client saw: it counts every request it sends
// and never retries one.
type Witnessed struct {
	Sent     int            `json:"sent"`
	Answered int            `json:"answered"`           // a complete answer below 500 came back
	Failed   int            `json:"failed"`             // a complete answer of 500 or more
	Reset    int            `json:"reset"`              // the connection broke before the answer was complete
	Refused  int            `json:"refused"`            // no connection could be made
	Timeout  int            `json:"timeout"`            // no answer in time
	Cut      int            `json:"cut"`                // streams (WebSockets) that ended before their time
	Ended    int            `json:"ended,omitempty"`    // streams the server ended in order, with a close frame; counted as answered
	ByColor  map[Color]int  `json:"by_color,omitempty"` // by the answer's X-Teal-Color, where it has one
	ByKind   map[string]int `json:"by_kind,omitempty"`  // get, post, upload, websocket
	First    string         `json:"first,omitempty"`    // the first failure, in words
	P50      time.Duration  `json:"p50_ns,omitempty"`
	P99      time.Duration  `json:"p99_ns,omitempty"`
	Max      time.Duration  `json:"max_ns,omitempty"`
}

// Lost is how many requests did not come back with an answer of the
// application.
func (w Witnessed) Lost() int { return w.Failed + w.Reset + w.Refused + w.Timeout + w.Cut }

// Drained is what a drain saw.
type Drained struct {
	Color Color         `json:"color"`
	Took  time.Duration `json:"took_ns"`
	Began int           `json:"began"` // connections from nginx to the color when it began
	Cut   int           `json:"cut"`   // connections still there when the limit came
}
