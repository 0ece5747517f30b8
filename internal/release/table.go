package release

import (
	"fmt"
	"strconv"
	"strings"
)

// Buckets is how many buckets clients are hashed into (nginx split_clients,
// 1 % each). A table's share is therefore a whole percentage.
const Buckets = 100

// Table says what share of the clients goes to green; the rest goes to blue.
// It is a directory under <state>/tables and is named blue, green or gN.
type Table struct {
	Green int // percent of the buckets that go to green, 0 to 100
}

// TableFor returns the table that sends every client to c.
func TableFor(c Color) Table {
	if c == Green {
		return Table{Green: Buckets}
	}
	return Table{}
}

// TableOf returns the table that sends share percent of the clients to c.
func TableOf(c Color, share int) (Table, error) {
	if share < 0 || share > Buckets {
		return Table{}, fmt.Errorf("a share is 0 to %d percent, not %d", Buckets, share)
	}
	if c == Blue {
		share = Buckets - share
	}
	return Table{Green: share}, nil
}

// ParseTable reads a table's name.
func ParseTable(name string) (Table, error) {
	switch name {
	case string(Blue):
		return Table{}, nil
	case string(Green):
		return Table{Green: Buckets}, nil
	}
	n, err := strconv.Atoi(strings.TrimPrefix(name, "g"))
	if err != nil || n <= 0 || n >= Buckets || name != "g"+strconv.Itoa(n) {
		return Table{}, fmt.Errorf("%q is not a table: blue, green or g1 to g99", name)
	}
	return Table{Green: n}, nil
}

// Name is the table's directory name: blue, green, or gN for N percent green.
func (t Table) Name() string {
	switch t.Green {
	case 0:
		return string(Blue)
	case Buckets:
		return string(Green)
	}
	return "g" + strconv.Itoa(t.Green)
}

// Share is the percentage of the clients that go to c.
func (t Table) Share(c Color) int {
	switch c {
	case Green:
		return t.Green
	case Blue:
		return Buckets - t.Green
	}
	return 0
}

// Routes reports whether any client goes to c.
func (t Table) Routes(c Color) bool { return t.Share(c) > 0 }

// MarshalText writes the table's name, also into JSON.
func (t Table) MarshalText() ([]byte, error) { return []byte(t.Name()), nil }

// UnmarshalText reads a table's name.
func (t *Table) UnmarshalText(b []byte) error {
	parsed, err := ParseTable(string(b))
	if err != nil {
		return err
	}
	*t = parsed
	return nil
}
