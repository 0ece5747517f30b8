package conf

import "strings"

// luaBlock reports whether a directive's block holds Lua instead of
// directives, by the naming rule that lua-nginx-module keeps.
func luaBlock(name string) bool { return strings.HasSuffix(name, "_by_lua_block") }

// lua moves behind the brace that closes a block of Lua. Braces in strings,
// long brackets and comments don't count. open is where the block began.
func (l *lexer) lua(open int) error {
	for depth := 1; l.pos < len(l.src); {
		switch ch := l.src[l.pos]; {
		case ch == '"' || ch == '\'':
			l.luaString(ch)
		case ch == '[':
			l.luaLong()
		case strings.HasPrefix(l.src[l.pos:], "--"):
			l.luaComment()
		case ch == '}' && depth == 1:
			l.pos++
			return nil
		default:
			depth += luaDepth(ch)
			l.pos++
		}
	}
	return l.fault(open, `this Lua block is never closed`)
}

func luaDepth(ch byte) int {
	switch ch {
	case '{':
		return 1
	case '}':
		return -1
	}
	return 0
}

// luaString moves over a string. A quote that isn't closed on its line begins
// none: lua-nginx-module takes it for any other sign.
func (l *lexer) luaString(quote byte) {
	begin, end := l.pos, l.upTo("\n")
	for l.pos++; l.pos < end; l.pos += l.step() {
		if l.src[l.pos] == quote {
			l.pos++
			return
		}
	}
	l.pos = begin + 1
}

// luaLong moves over [[ … ]] or [==[ … ]==], or over a plain bracket.
func (l *lexer) luaLong() bool {
	level := 1
	for l.pos+level < len(l.src) && l.src[l.pos+level] == '=' {
		level++
	}
	if l.pos+level >= len(l.src) || l.src[l.pos+level] != '[' {
		l.pos++
		return false
	}
	end := "]" + strings.Repeat("=", level-1) + "]"
	l.pos += level + 1
	l.pos = min(l.upTo(end)+len(end), len(l.src))
	return true
}

func (l *lexer) luaComment() {
	l.pos += len("--")
	if l.pos < len(l.src) && l.src[l.pos] == '[' && l.luaLong() {
		return
	}
	l.pos = l.upTo("\n")
}
