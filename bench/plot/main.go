// Command plot draws what the benchmarks have found, from the JSON that they
// keep, as pictures for the documentation.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"teal/bench/growth/figures"
)

func main() {
	from := flag.String("results", "bench/results", "folder of the results")
	to := flag.String("to", "docs/plots", "folder of the pictures")
	flag.Parse()
	if err := run(*from, *to); err != nil {
		fmt.Fprintln(os.Stderr, "plot:", err)
		os.Exit(1)
	}
}

func run(from, to string) error {
	growth, err := figures.Load(filepath.Join(from, "growth.json"))
	if err != nil {
		return err
	}
	others, err := loadPeers(filepath.Join(from, "peers.json"))
	if err != nil {
		return err
	}
	pictures := drawGrowth(growth)
	for name, text := range drawPeers(others) {
		pictures[name] = text
	}
	if len(pictures) == 0 {
		return errors.New("there are no results to draw: go run ./bench/growth makes some")
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for name, text := range pictures {
		if err := os.WriteFile(filepath.Join(to, name), text, 0o644); err != nil {
			return err
		}
		fmt.Println(filepath.Join(to, name))
	}
	return nil
}

// peers is what is drawn of the comparison with other proxies.
type peers struct {
	Figures []peersFigure `json:"figures"`
}

type peersFigure struct {
	Part   string  `json:"part"`
	What   string  `json:"what"`
	Peer   string  `json:"peer"`
	Unit   string  `json:"unit"`
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// loadPeers reads it; nothing where it was not measured yet.
func loadPeers(path string) (p peers, err error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return p, err
	}
	if err := json.Unmarshal(text, &p); err != nil {
		return p, fmt.Errorf("read %s: %w", path, err)
	}
	return p, nil
}
