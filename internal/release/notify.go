package release

// Notify is somebody who is told what becomes of deploys, as teal.yaml names
// them. The address is a secret itself: who knows a webhook's URL can write
// there.
type Notify struct {
	Kind   NotifyKind
	URL    Secret
	Key    Secret      // webhook: what each message is signed with; zero for none
	Events []Happening // nil means all of them
}

// NotifyKind is the form that messages are sent in.
type NotifyKind string

// The forms.
const (
	NotifySlack   NotifyKind = "slack"   // Slack's Block Kit
	NotifyWebhook NotifyKind = "webhook" // teal's own JSON
)

// Secret is where a secret lies, never the secret: one of the two is set, or
// neither.
type Secret struct {
	Env  string // name of an environment variable
	File string // absolute path of a file
}

// Happening is what people are told of a deploy.
type Happening string

// The happenings.
const (
	Started    Happening = "started"
	Succeeded  Happening = "succeeded"
	Failed     Happening = "failed"
	RolledBack Happening = "rolled back" // teal rollback brought a release back
	Cancelled  Happening = "cancelled"   // interrupted and undone, or taken back by teal abort
)

// Happenings are all of them, in the order they are written.
var Happenings = []Happening{Started, Succeeded, Failed, RolledBack, Cancelled}

// Notified is what became of telling one of an app's Notify.
type Notified struct {
	Target string `json:"target"` // slack, webhook; of several of a kind webhook 1, webhook 2
	OK     bool   `json:"ok"`
	Error  string `json:"error,omitempty"` // never holds the address
}
