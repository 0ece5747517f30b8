package conf

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// nginx runs the machine's nginx over a main file in a folder.
func nginx(t *testing.T, dir, what string) (ok bool, out, said string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "nginx", what, "-p", dir, "-c", filepath.Join(dir, "nginx.conf"),
		"-g", "pid "+filepath.Join(dir, "pid")+"; error_log stderr;")
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if _, ran := err.(*exec.ExitError); err != nil && !ran {
		t.Fatalf("this test asks the real nginx: install nginx (%v)", err)
	}
	return err == nil, stdout.String(), stderr.String()
}

// verdict is what nginx says of the files.
func verdict(t *testing.T, dir string) (ok bool, said string) {
	t.Helper()
	ok, _, said = nginx(t, dir, "-t")
	return ok, said
}

// asked is what nginx -T prints of them.
func asked(t *testing.T, dir string) string {
	t.Helper()
	ok, out, said := nginx(t, dir, "-T")
	if !ok {
		t.Fatal(said)
	}
	return out
}

func x(n int) string { return strings.Repeat("x", n) }

// language are texts inside http, made of directives that nginx knows, so that
// it is the language alone that nginx and the parser can differ about.
var language = map[string]struct {
	text string
	ok   bool
}{
	"words and comments":               {"server # c ; {\n { # d }\n server_tokens off ; }", true},
	"a quote inside a word":            {`log_format a x"y 'z';`, true},
	"a quote that isn't followed":      {`log_format a "x"y;`, false},
	"a quoted name":                    {`"server_tokens" 'off';`, true},
	"an escaped quote":                 {`log_format a "\"" '\'' \" "\\";`, true},
	"a quote that an escape keeps":     {`log_format a "x\";`, false},
	"an escaped end":                   {`log_format a x\; y;`, true},
	"an escaped brace":                 {`log_format a x\{y;`, true},
	"a parenthesis behind a quote":     {`server { if ($host = "a"){ return 200 "x"; } }`, true},
	"a variable in braces":             {`log_format a ${host}x;`, true},
	"a brace behind a variable":        {`server { location /$a{ return 200; } }`, true},
	"a closing brace in a word":        {`log_format a }x x};`, false},
	"a closing brace inside a word":    {`log_format a x}y;`, true},
	"a bare pattern with a brace":      {`server { location ~ a{2} { return 200; } }`, false},
	"a quoted pattern with a brace":    {`server { location ~ "a{2}" { return 200; } }`, true},
	"an empty statement":               {"server_tokens off;;", false},
	"a block without a name":           {"{ }", false},
	"one brace too many":               {"server { } }", false},
	"one brace too few":                {"server { ", false},
	"no semicolon":                     {"server { server_tokens off }", false},
	"an open quote":                    {`log_format a "x;`, false},
	"a carriage return":                {"server_tokens\roff\r;\r\n", true},
	"a comment over a carriage return": {"# c\r{ {\nserver_tokens off;", true},
	"a line feed in quotes":            {"log_format a 'x\ny';", true},
	"a form feed":                      {"log_format a\fb c;", true},
	"a byte order mark":                {"server_tokens off;\n\ufeffserver_tokens off;", false},
	"a block in a map":                 {"map $host $b { a { } }", false},
	"a brace in a map's key":           {`map $host $b { "~a{2}" c; d ${host}; }`, true},
	"a block in types":                 {"types { a/b { } }", false},
	"an include in a map":              {"map $host $b { include entries; default 0; }", true},
	"an include of a directory":        {"include dir;", false},
	"an include that isn't there":      {"include missing.conf;", false},
	"a pattern for nothing":            {"include missing*.conf; include none/*/x;", true},
	"a pattern for something":          {"include d?r/[!b-z]*.conf;", true},
	"a pattern for what is broken":     {"include dir/broken*;", false},
	"a pattern doesn't see dots":       {"include dir/*hidden;", true},
	"a dot that is written":            {"include dir/.*hidden;", false},
	"a folder in a pattern":            {"include di*;", false},
	"an include of two":                {"include missing* other*;", false},
	"an include with a block":          {"include { }", false},
	"a word of 4095 bytes":             {"log_format a " + x(4095) + ";", true},
	"a word of 4096 bytes":             {"log_format a " + x(4096) + ";", false},
	"a quoted word of 4094 bytes":      {"log_format a \"" + x(4094) + "\";", true},
	"a quoted word of 4095 bytes":      {"log_format a \"" + x(4095) + "\";", false},
	"a comment of 4095 bytes":          {"#" + x(4094) + "\n", true},
	"a comment of 4096 bytes":          {"#" + x(4095) + "\n", false},
	"4000 blanks":                      {"server_tokens " + strings.Repeat(" ", 4000) + "off;", true},
	"5000 blanks":                      {"server_tokens " + strings.Repeat(" ", 5000) + "off;", true},
	"5000 empty lines":                 {"server_tokens off;" + strings.Repeat("\n", 5000) + "etag off;", true},
	"5000 bytes in words":              {"log_format a " + strings.Repeat(x(99)+" ", 50) + ";", true},
}

func TestNginxAndTheParserAgreeOnWhatCanBeRead(t *testing.T) {
	for name, c := range language {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			keep(t, dir, "nginx.conf", "events {}\nhttp {\n"+c.text+"\n}\n")
			keep(t, dir, "dir/a.conf", "etag off;")
			keep(t, dir, "dir/broken.conf", "etag off")
			keep(t, dir, "dir/.hidden", "etag off")
			keep(t, dir, "entries", "a 1;")
			ok, said := verdict(t, dir)
			_, err := Load(os.DirFS("/"), filepath.Join(dir, "nginx.conf"))
			if ok != c.ok {
				t.Errorf("the table says %t, nginx\n%s", c.ok, said)
			}
			if ok != (err == nil) {
				t.Errorf("nginx says\n%sthe parser %v", said, err)
			}
		})
	}
}

func keep(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestNginxAndTheParserAgreeOnAnyWords puts texts of scraps among the entries
// of types, where nginx takes any words at all.
func TestNginxAndTheParserAgreeOnAnyWords(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(r *rapid.T) {
		text := strings.ReplaceAll(anyText().Draw(r, "text"), "include", "exclude") // of files that aren't there
		keep(t, dir, "nginx.conf", "events {}\nhttp {\ntypes {\n"+text+"\n}\n}\n")
		ok, said := verdict(t, dir) // a "}" ends the entries, and then nginx knows more than the language
		_, err := Load(os.DirFS("/"), filepath.Join(dir, "nginx.conf"))
		language := strings.Contains(said, ": unexpected ") || strings.Contains(said, ": too long ")
		if ok && err != nil || language && err == nil {
			r.Fatalf("nginx says\n%sthe parser %v", said, err)
		}
	})
}
