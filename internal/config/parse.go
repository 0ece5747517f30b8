package config

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// parse reads the one YAML document of the text. It reports false, and what
// is wrong, if there is none.
func parse(text []byte, out *report) (value, bool) {
	if !printable(text, out) {
		return value{}, false
	}
	loader, err := yaml.NewLoader(bytes.NewReader(text))
	if err != nil {
		out.add(1, 1, "%v", err)
		return value{}, false
	}
	var doc yaml.Node
	switch err := loader.Load(&doc); {
	case errors.Is(err, io.EOF) || err == nil && len(doc.Content) == 0:
		out.add(1, 1, "the file is empty")
		return value{}, false
	case err != nil:
		addSyntax(err, out)
		return value{}, false
	}
	return newValue(doc.Content[0], "", out), single(loader, out)
}

// single refuses a second document, which would otherwise be ignored in
// silence.
func single(loader *yaml.Loader, out *report) bool {
	var more yaml.Node
	err := loader.Load(&more)
	if errors.Is(err, io.EOF) {
		return true
	}
	if err != nil {
		addSyntax(err, out)
		return false
	}
	out.add(more.Line, more.Column, "a second document: everything belongs in one")
	return false
}

// addSyntax reports what the YAML reader says, at the place it says.
func addSyntax(err error, out *report) {
	var load *yaml.LoadError
	if !errors.As(err, &load) || load.Mark.Line == 0 {
		out.add(1, 1, "not YAML: %v", err)
		return
	}
	text := load.Message
	if strings.Contains(text, "cannot start any token") {
		text += " (tabs can't indent, and @ ` % need quotes)"
	}
	out.add(load.Mark.Line, max(load.Mark.Column, 1), "not YAML: %s", text)
}

// printable refuses bytes that aren't UTF-8 text. The YAML reader does too,
// but without a place.
func printable(text []byte, out *report) bool {
	line, column := 1, 1
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if r == utf8.RuneError && size == 1 || r < ' ' && !strings.ContainsRune("\t\r\n", r) || r == 0x7f {
			out.add(line, column, "byte 0x%02x is not text", text[0])
			return false
		}
		text = text[size:]
		column++
		if r == '\n' {
			line, column = line+1, 1
		}
	}
	return true
}
