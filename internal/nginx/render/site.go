package render

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"strings"
	"text/template"

	"teal/internal/release"
)

// Input is all that the configuration of one app in one nginx depends on.
type Input struct {
	App     release.App
	Network release.Network // has an address for every slot of the routed services
	Kind    release.ProxyKind
	Root    string // teal's state root, absolute
	Token   string // 32 hex digits: the secret part of the control path

	// AccessLogs are the arguments of the access_log directives which the
	// app's server would have inherited; naming one log of its own makes
	// nginx drop the inherited ones, so they are repeated.
	AccessLogs [][]string

	// ColorHeader adds X-Teal-Color to answers. It must be off where the
	// http block has an add_header, which one of our own would switch off.
	ColorHeader bool
}

// Output is the rendered configuration.
type Output struct {
	Generation string // 12 hex digits of the SHA-256 of the configuration
	Text       []byte // what belongs inside nginx's http block
}

// ControlPath is the path of the control location: what nginx answers there
// is the name of the table it sees, with its config generation in the header
// GenerationHeader.
func ControlPath(token string) string { return "/.teal/" + token }

// GenerationHeader is in every answer of the control location.
const GenerationHeader = "X-Teal-Generation"

// unset stands for the generation while the text is hashed. No alphabet has
// the at sign.
const unset = "@generation@"

//go:embed site.tmpl
var siteText string

var siteTemplate = template.Must(template.New("site").Parse(siteText))

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
	var text bytes.Buffer
	if err := siteTemplate.Execute(&text, v); err != nil {
		return Output{}, fmt.Errorf("render nginx config: %w", err)
	}
	sum := sha256.Sum256(text.Bytes())
	gen := hex.EncodeToString(sum[:])[:12]
	return Output{
		Generation: gen,
		Text:       []byte(strings.ReplaceAll(text.String(), unset, gen)),
	}, nil
}
