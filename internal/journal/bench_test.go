package journal

import (
	"testing"
)

// BenchmarkStep is what the journal adds to each step of a deploy: its intent
// and its result, both on disk.
func BenchmarkStep(b *testing.B) {
	j := opened(b, b.TempDir())
	id := begin(b, j, 1)
	for b.Loop() {
		if err := j.Intent(id, 1, plan[0]); err != nil {
			b.Fatal(err)
		}
		if err := j.Result(id, 1, ""); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkStatus is what teal status asks of a journal with a long history.
func BenchmarkStatus(b *testing.B) {
	root := b.TempDir()
	history(b, root, 10_000)
	for b.Loop() {
		j, err := OpenReadOnly(root)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := j.Memory("voda"); err != nil {
			b.Fatal(err)
		}
		if err := j.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
