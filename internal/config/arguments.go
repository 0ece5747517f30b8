package config

import "strings"

// maxArgument bounds an argument of a command, in bytes.
const maxArgument = 4096

// arguments is an argument vector; sample shows one. A single text is
// refused: splitting it would take a shell, and teal runs none.
func arguments(sample string) kind[[]string] {
	return kind[[]string]{
		schema: func() schema {
			s := filled(schema{Title: "argument", Type: "string", MaxLength: maxArgument})
			s.Title = "list of arguments"
			return s
		},
		read: func(v value) []string { return readArguments(v, sample) },
	}
}

func readArguments(v value, sample string) []string {
	if !v.isList() {
		v.mistyped("a list of arguments, as in " + sample)
		return nil
	}
	var argv []string
	v.items(func(v value) { argv = append(argv, readArgument(v)) })
	if len(v.node.Content) == 0 || v.node.Content[0].Value == "" {
		v.refuse("%s: no command to run", v.title())
	}
	return argv
}

// readArgument reads any text but NUL, which would end the argument early.
func readArgument(v value) string {
	s, ok := v.text()
	if ok && strings.ContainsRune(s, 0) {
		v.refuse("%s: an argument can't hold a NUL character", v.title())
	}
	if len(s) > maxArgument {
		v.refuse("%s: %d bytes are too many, the limit is %d", v.title(), len(s), maxArgument)
	}
	return s
}
