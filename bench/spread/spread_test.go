package spread

import (
	"testing"
)

func TestAPercentileIsASampleThatWasMeasured(t *testing.T) {
	var samples []float64
	for n := range 200 {
		samples = append(samples, float64(200-n))
	}
	if got, want := Of(samples), (Spread{N: 200, Min: 1, P50: 100, P99: 198, Max: 200}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got, want := Of([]float64{3, 1, 2}), (Spread{N: 3, Min: 1, P50: 2, P99: 3, Max: 3}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
