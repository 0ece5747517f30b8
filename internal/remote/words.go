package remote

import "strings"

// command is the one string that ssh hands to the login shell of the other
// side (RFC 4254 section 6.5), which splits it into the words again.
func command(words []string) string {
	var list []string
	for _, w := range words {
		list = append(list, quote(w))
	}
	return strings.Join(list, " ")
}

// quote writes a word for a POSIX shell: between single quotes nothing has a
// meaning (Shell Command Language, 2.2.2). Single quotes themselves, and
// backslashes, which fish reads between single quotes, stand outside of them
// behind a backslash.
func quote(word string) string {
	return "'" + strings.NewReplacer(`'`, `'\''`, `\`, `'\\'`).Replace(word) + "'"
}
