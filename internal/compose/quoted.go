package compose

import "regexp"

// quoted are the places where compose-go's errors repeat a value: of a line of
// an env file that it can't read (dotenv/parser.go), of a text whose variables
// it can't replace (template/template.go). They are secrets as a rule.
var quoted = []struct {
	form *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`(?s)unexpected character ".*" in variable name ".*`), "a line that doesn't begin with a variable's name and ="},
	{regexp.MustCompile(`(?s)unterminated quoted value .*`), "a quote that never ends"},
	{regexp.MustCompile(`(?s)\.\nYou may need to escape any \$ with another \$\.\n.*`), ": a $ that begins no variable: write $$ for the sign itself"},
	{regexp.MustCompile(`(?s)[Ii]nvalid template: .*`), "a $ that begins no variable: write $$ for the sign itself, or put the value into single quotes"},
	{regexp.MustCompile(`(?s)failed to cast to expected type: .*`), "what the variables give is of the wrong type"},
}

// unquoted is what compose says, without the values in it.
func unquoted(text string) string {
	for _, q := range quoted {
		text = q.form.ReplaceAllLiteralString(text, q.with)
	}
	return text
}
