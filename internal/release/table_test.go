package release

import (
	"encoding/json"
	"testing"
)

func TestATablesNameAndSharesSayTheSame(t *testing.T) {
	for _, tc := range []struct {
		name        string
		blue, green int
	}{{"blue", 100, 0}, {"g1", 99, 1}, {"g5", 95, 5}, {"g99", 1, 99}, {"green", 0, 100}} {
		table, err := ParseTable(tc.name)
		if err != nil {
			t.Fatal(err)
		}
		if table.Name() != tc.name || table.Share(Blue) != tc.blue || table.Share(Green) != tc.green || table.Share(None) != 0 {
			t.Errorf("%s reads as %+v", tc.name, table)
		}
		if table.Routes(Blue) != (tc.blue > 0) || table.Routes(Green) != (tc.green > 0) {
			t.Errorf("%s routes wrongly", tc.name)
		}
		if again, err := TableOf(Blue, tc.blue); err != nil || again != table {
			t.Errorf("blue=%d is %v, %v", tc.blue, again, err)
		}
	}
}

func TestNamesThatAreNoTablesAreRefused(t *testing.T) {
	for _, name := range []string{"", "g0", "g100", "g05", "g-1", "5", "red", "gg5", "g5 ", "../blue"} {
		if table, err := ParseTable(name); err == nil {
			t.Errorf("%q read as %+v", name, table)
		}
	}
	if _, err := TableOf(Green, 101); err == nil {
		t.Error("101 percent was accepted")
	}
}

func TestATableIsItsNameInJSON(t *testing.T) {
	blue := TableFor(Blue)
	b, err := json.Marshal(Step{Kind: StepShift, Table: &blue})
	if err != nil {
		t.Fatal(err)
	}
	var back Step
	if err := json.Unmarshal(b, &back); err != nil || back.Table == nil || *back.Table != blue {
		t.Errorf("%s came back as %+v, %v", b, back.Table, err)
	}
}
