package conf

import "fmt"

// deepest is how far blocks may nest. nginx has no limit of its own, and no
// use for more than a few.
const deepest = 200

// File is one configuration file, with every byte of it.
type File struct {
	Path string
	Src  string
	Top  []*Directive
}

// Directive is a name, its arguments, and a block where it has one. What an
// entry of map, geo, types or split_clients is to nginx is a Directive here.
type Directive struct {
	Name   string
	Words  []Word // Words[0] is the name
	File   *File
	Parent *Directive // the directive in whose block it is written, nil at the file's top
	Block  []*Directive
	Start  int // its bytes are from Start, where the name begins …
	End    int // … to End, behind its ';' or '}'
	Open   int // of its '{', 0 without a block
	Close  int // of its '}', 0 without a block
}

// Arg is the value of the i-th argument, from 0; "" where there are fewer.
func (d *Directive) Arg(i int) string {
	if i+1 >= len(d.Words) {
		return ""
	}
	return d.Words[i+1].Value
}

// Args are the arguments' values.
func (d *Directive) Args() []string { return d.Values()[1:] }

// Values are the name's and the arguments' values.
func (d *Directive) Values() []string {
	values := make([]string, len(d.Words))
	for i, w := range d.Words {
		values[i] = w.Value
	}
	return values
}

// HasBlock reports whether it ends in a block, which may be empty.
func (d *Directive) HasBlock() bool { return d.Open > 0 }

// Lua is the text of a Lua block, "" for any other directive.
func (d *Directive) Lua() string {
	if d.Close == 0 || !luaBlock(d.Name) {
		return ""
	}
	return d.File.Src[d.Open+1 : d.Close]
}

// Is reports whether it has this name and begins with these arguments.
func (d *Directive) Is(name string, args ...string) bool {
	if d.Name != name || len(args) >= len(d.Words) {
		return false
	}
	for i, arg := range args {
		if d.Arg(i) != arg {
			return false
		}
	}
	return true
}

// Place is where it begins, as file:line:column.
func (d *Directive) Place() string {
	return fmt.Sprintf("%s:%d:%d", d.File.Path, d.Words[0].Line, d.Words[0].Column)
}

// fault is an error at the directive.
func (d *Directive) fault(format string, args ...any) *Error {
	return &Error{File: d.File.Path, Line: d.Words[0].Line, Column: d.Words[0].Column, What: fmt.Sprintf(format, args...)}
}

// Parse reads one file without following its includes. It fails with an
// *Error.
func Parse(path string, src []byte) (*File, error) {
	p := newParser(path, src, false)
	if err := p.parse(); err != nil {
		return nil, err
	}
	return p.file, nil
}

// Glance reads one file that nginx may refuse: it goes on behind most faults, up
// to a closing brace too many. What it finds is to be looked at and not for
// Edits: a block that was open at the end has no Close.
func Glance(path string, src []byte) *File {
	p := newParser(path, src, true)
	_ = p.parse() // what came before the fault is there
	return p.file
}

func newParser(path string, src []byte, lax bool) *parser {
	f := &File{Path: path, Src: string(src)}
	return &parser{file: f, lexer: lexer{path: path, src: f.Src, lax: lax}}
}

func (p *parser) parse() error {
	for {
		words, end, err := p.lexer.statement()
		if err != nil {
			return err
		}
		if end == 0 {
			return p.unclosed()
		}
		if err := p.take(words, end); err != nil {
			return err
		}
	}
}

// parser puts statements in their blocks.
type parser struct {
	lexer lexer
	file  *File
	block *Directive // whose block is open, nil at the top
	depth int
}

func (p *parser) take(words []Word, end byte) error {
	if end == '}' {
		return p.leave()
	}
	d := &Directive{Name: words[0].Value, Words: words, File: p.file, Parent: p.block, Start: words[0].Start, End: p.lexer.pos}
	if p.block == nil {
		p.file.Top = append(p.file.Top, d)
	} else {
		p.block.Block = append(p.block.Block, d)
	}
	if end == '{' {
		return p.enter(d)
	}
	return nil
}

func (p *parser) enter(d *Directive) error {
	d.Open = p.lexer.pos - 1
	if p.block != nil && entries[p.block.Name] && !p.lexer.lax {
		return p.lexer.fault(d.Open, `unexpected "{": %s takes entries alone`, p.block.Name)
	}
	if luaBlock(d.Name) {
		if err := p.lexer.lua(d.Open); err != nil {
			return err
		}
		d.End, d.Close = p.lexer.pos, p.lexer.pos-1
		return nil
	}
	if p.depth == deepest {
		return p.lexer.fault(d.Open, "more than %d blocks in each other", deepest)
	}
	p.block, p.depth = d, p.depth+1
	return nil
}

func (p *parser) leave() error {
	if p.block == nil {
		return p.lexer.fault(p.lexer.pos-1, `unexpected "}": no block is open`)
	}
	p.block.Close, p.block.End = p.lexer.pos-1, p.lexer.pos
	p.block, p.depth = p.block.Parent, p.depth-1
	return nil
}

// unclosed is the error of a file that ends inside a block.
func (p *parser) unclosed() error {
	if p.block == nil {
		return nil
	}
	return p.lexer.fault(len(p.file.Src), `unexpected end of file, expecting "}" for %s in line %d`, p.block.Name, p.block.Words[0].Line)
}

// entries are the blocks that hold entries, which take no block of their own.
var entries = map[string]bool{"map": true, "geo": true, "types": true, "split_clients": true, "charset_map": true}
