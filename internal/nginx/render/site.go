package render

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/netip"
	"text/template"

	"teal/internal/release"
)

// Input is all that the configuration of one app in one nginx depends on.
type Input struct {
	App     release.App
	Network release.Network // has an address for every slot of the routed services
	Place   string          // which nginx, as a part of file names: standalone, host, container.edge
	Own     bool            // teal's own nginx, in which an app may ask for any host
	Version Version
	Listen  []string // where it listens for plain HTTP
	TLS     *TLS     // nil: plain HTTP only
	Root    string   // teal's state root, absolute
	Token   string   // 32 hex digits: the secret part of the control path

	// Trusted are proxies in front of this nginx: what they say of the
	// client's address and scheme is believed.
	Trusted []netip.Prefix

	// Ask are the addresses, beside loopback, from which teal's questions to
	// the control location come.
	Ask []netip.Addr

	// AccessLogs are the arguments of the access_log directives which the
	// app's server would have inherited; naming one log of its own makes
	// nginx drop the inherited ones, so they are repeated.
	AccessLogs [][]string

	// Headers are the arguments of the http block's add_header directives,
	// which one in a location of ours would switch off, so they are repeated.
	Headers [][]string

	// ColorHeader adds X-Teal-Color to answers.
	ColorHeader bool

	// What follows matters to adopted sites alone. Interim has no release yet
	// and no addresses: what served before serves. Leads lets requests be led
	// through a location that closes their connection. AuthRequest: this nginx
	// knows auth_request.
	Interim, Leads, AuthRequest bool
}

// TLS is how this nginx serves HTTPS.
type TLS struct {
	Listen    []string
	Cert, Key string // absolute paths
	Sum       string // names the certificate's content, so that a renewed one is another shape
	HTTP2     bool
	Redirect  int    // 301 or 308 from the plain addresses; 0 serves both
	ACME      string // folder that answers ACME challenges in plain HTTP; "" none
}

// Output is the rendered configuration.
type Output struct {
	Generation string // 12 hex digits of the SHA-256 of the configuration
	Text       []byte // what belongs inside nginx's http block

	// Server and Beside are what server blocks of an adopted site include, see
	// release.Include; nil of another site.
	Server, Beside []byte
}

// named gives the output its generation.
func (o Output) named() Output {
	sum := sha256.New()
	for _, text := range [][]byte{o.Text, o.Server, o.Beside} {
		sum.Write(text)
	}
	o.Generation = hex.EncodeToString(sum.Sum(nil))[:12]
	for _, text := range []*[]byte{&o.Text, &o.Server, &o.Beside} {
		*text = bytes.ReplaceAll(*text, []byte(unset), []byte(o.Generation))
	}
	return o
}

// ControlPath is the path of the control location: what nginx answers there
// is the name of the table it sees, with its config generation in the header
// GenerationHeader.
func ControlPath(token string) string { return "/.teal/" + token }

// IsToken reports whether text has the form of a control token.
func IsToken(text string) bool { return tokenForm.MatchString(text) }

// GenerationHeader is in every answer of the control location.
const GenerationHeader = "X-Teal-Generation"

// unset stands for the generation while the text is hashed. No alphabet has
// the backslash, and what escapes a path in a pattern puts none before a letter.
const unset = `\generation\`

//go:embed site.tmpl server.tmpl route.tmpl shared.tmpl adopted.tmpl
var siteFiles embed.FS

var siteTemplate = template.Must(template.ParseFS(siteFiles, "*.tmpl"))

// Site renders the app's configuration, or refuses a value that has no place
// in nginx's language.
func Site(in Input) (Output, error) {
	if err := check(in); err != nil {
		return Output{}, fmt.Errorf("render nginx config: %w", err)
	}
	v, err := newView(in)
	if err != nil {
		return Output{}, fmt.Errorf("render nginx config: %w", err)
	}
	out, err := v.print(in)
	if err != nil {
		return Output{}, fmt.Errorf("render nginx config: %w", err)
	}
	return out, nil
}

func (v view) print(in Input) (Output, error) {
	if in.App.Site.Adopted != nil {
		return adopted(in, v)
	}
	text, err := printed("site.tmpl", v)
	return Output{Text: text}.named(), err
}

func printed(name string, v any) ([]byte, error) {
	var text bytes.Buffer
	err := siteTemplate.ExecuteTemplate(&text, name, v)
	return text.Bytes(), err
}
