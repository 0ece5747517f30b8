package config

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

// sizeForm is a number of bytes as nginx writes it.
var sizeForm = regexp.MustCompile(`^([1-9][0-9]*)([kKmMgG]?)$`)

// unlimited is the size that has no limit, and what it is to release.Route.
const (
	unlimited    = "unlimited"
	unlimitedIs  = -1
	unlimitedTip = "64k, 50m, 1g or unlimited"
)

// size is a number of bytes from low to high, as in 64k or 50m.
func size(title string, low, high int64) kind[int64] {
	return kind[int64]{
		schema: func() schema { return sizeSchema(title, sizeForm.String()) },
		read: func(v value) int64 {
			n := v.bytes("64k, 50m or 1g")
			if n != 0 && (n < low || n > high) {
				v.refuse("%s: %.40s is out of range: %s to %s", v.title(), v.node.Value, briefSize(low), briefSize(high))
				return 0
			}
			return max(n, 0)
		},
	}
}

// limit is a number of bytes, or unlimited (-1). Zero is refused: to nginx it
// means no limit, to a reader nothing.
func limit() kind[int64] {
	return kind[int64]{
		schema: func() schema { return sizeSchema("size or unlimited", sizeForm.String()+"|^"+unlimited+"$") },
		read: func(v value) int64 {
			if v.is("!!str") && v.node.Value == unlimited {
				return unlimitedIs
			}
			return v.bytes(unlimitedTip)
		},
	}
}

func sizeSchema(title, form string) schema {
	least := 1
	return schema{Title: title, Type: []string{"integer", "string"}, Minimum: &least, Pattern: form}
}

// bytes reads 4096, 64k, 50m or 1g; 0 after a mistake. hint says how to write
// it.
func (v value) bytes(hint string) int64 {
	part := sizeForm.FindStringSubmatch(v.node.Value)
	if part == nil || !v.is("!!int") && !v.is("!!str") {
		v.refuse("%s: want a size, not %s: write %s", v.title(), v.kind(), hint)
		return 0
	}
	shift := map[string]int{"": 0, "k": 10, "m": 20, "g": 30}[strings.ToLower(part[2])]
	n, err := strconv.ParseInt(part[1], 10, 64)
	if err != nil || n > math.MaxInt64>>shift {
		v.refuse("%s: %.40s is too large: write %s", v.title(), v.node.Value, hint)
		return 0
	}
	return n << shift
}

// briefSize prints a size as it is written in teal.yaml.
func briefSize(n int64) string {
	for _, unit := range []struct {
		letter string
		shift  int
	}{{"g", 30}, {"m", 20}, {"k", 10}} {
		if n > 0 && n&(1<<unit.shift-1) == 0 {
			return strconv.FormatInt(n>>unit.shift, 10) + unit.letter
		}
	}
	return strconv.FormatInt(n, 10)
}
