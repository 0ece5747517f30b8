package term

import (
	"fmt"
	"io"
	"strings"

	"teal/internal/release"
)

// Markdown writes a receipt and an error for the summary of a CI job: either
// may be nil. What comes from outside is text in it, never markup: a job's
// page must show no link or image that a container's log made up.
func Markdown(w io.Writer, r *release.Receipt, e *release.Error) error {
	var b strings.Builder
	if r != nil {
		fmt.Fprintf(&b, "### %s\n\n", markup(headline(*r)))
	} else if e != nil {
		fmt.Fprintf(&b, "### teal: %s\n\n", markup(Clean(e.Error())))
	}
	if e != nil {
		markdownError(&b, e, r != nil)
	}
	if r != nil {
		markdownProof(&b, *r)
		markdownSteps(&b, *r)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// markdownError writes what failed, where the headline hasn't, the evidence,
// the state and the next command.
func markdownError(b *strings.Builder, e *release.Error, what bool) {
	if what {
		fmt.Fprintf(b, "**Failed:** %s\n\n", markup(Clean(e.Error())))
	}
	if e.State != "" {
		fmt.Fprintf(b, "**State:** %s\n\n", markup(Clean(e.State)))
	}
	if e.Next != "" {
		fmt.Fprintf(b, "**Next:** %s\n\n", markup(Clean(e.Next)))
	}
	if len(e.Detail) > 0 {
		text := strings.Join(lines(e.Detail), "\n")
		fence := fenceFor(text)
		fmt.Fprintf(b, "%stext\n%s\n%s\n\n", fence, text, fence)
	}
}

// fenceFor is a fence that no line of the text can close.
func fenceFor(text string) string {
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fence
}

func markdownProof(b *strings.Builder, r release.Receipt) {
	facts := proof(r, style{})
	if len(facts) == 0 {
		return
	}
	b.WriteString("| proof | |\n|---|---|\n")
	for _, line := range facts {
		fmt.Fprintf(b, "| %s | %s |\n", line[0], markup(line[1]))
	}
	b.WriteString("\n")
}

// unheard names those who could not be told of the deploy.
func unheard(r release.Receipt) [][2]string {
	var list [][2]string
	for _, n := range r.Notified {
		if !n.OK {
			list = append(list, [2]string{"not told", Clean(n.Target + ": " + n.Error)})
		}
	}
	return list
}

func markdownSteps(b *strings.Builder, r release.Receipt) {
	if len(r.Steps) == 0 {
		return
	}
	fmt.Fprintf(b, "<details><summary>%s</summary>\n\n| step | took |\n|---|---|\n", count(len(r.Steps), "step"))
	for _, s := range r.Steps {
		fmt.Fprintf(b, "| %s | %s |\n", markup(Clean(string(s.Kind))), Took(s.Took))
	}
	b.WriteString("\n</details>\n\n")
}

// markers are the characters that mean something in Markdown, tables and HTML.
// Addresses are no links without the colon, nor names mentions without the @.
var markers = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "|", `\|`, "~", `\~`, "#", `\#`, "!", `\!`, "$", `\$`,
	"<", "&lt;", ">", "&gt;", "&", "&amp;", "://", "&#58;//", "www.", "www&#46;", "@", "&#64;",
)

// markup is text that Markdown shows as it is.
func markup(s string) string { return markers.Replace(s) }
