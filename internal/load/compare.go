package load

import "math"

// Ratio compares one figure of the two sides.
type Ratio struct {
	// Name is of the request or page, empty for all requests.
	Name   string `json:"name"`
	Metric string `json:"metric"`
	// Target and Against are milliseconds, a share, or good answers a second.
	// They, and the ratio, are null where there is no such value.
	Target  *float64 `json:"target"`
	Against *float64 `json:"against"`
	Ratio   *float64 `json:"ratio"`
}

// compare lists the figures of both sides, all requests first, then pages,
// then requests.
func compare(target, against Side) []Ratio {
	list := ratios(target.Total, against.Total)
	for i := range target.Pages {
		list = append(list, ratios(target.Pages[i], against.Pages[i])...)
	}
	if len(target.Requests) > 1 {
		for i := range target.Requests {
			list = append(list, ratios(target.Requests[i], against.Requests[i])...)
		}
	}
	return list
}

func ratios(target, against Account) []Ratio {
	milliseconds := func(m Millis) float64 {
		if m == NoTime {
			return math.NaN()
		}
		return float64(m) / 1e6
	}
	var list []Ratio
	add := func(metric string, a, b float64) {
		list = append(list, Ratio{target.Name, metric, finite(a), finite(b), finite(a / b)})
	}
	add("p50", milliseconds(target.Latency.P50), milliseconds(against.Latency.P50))
	add("p90", milliseconds(target.Latency.P90), milliseconds(against.Latency.P90))
	add("p99", milliseconds(target.Latency.P99), milliseconds(against.Latency.P99))
	add("mean", milliseconds(target.Latency.Mean), milliseconds(against.Latency.Mean))
	add("errors", target.ErrorShare, against.ErrorShare)
	add("rate", target.Rate, against.Rate)
	return list
}

// finite returns nil for what is no number.
func finite(f float64) *float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil
	}
	return &f
}
