package prometheus

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"cutover/internal/metrics/fetch"
)

// maxSeries is how many series a query may find.
const maxSeries = 100

// sample is one number a query found.
type sample struct {
	// name is its labels, "" for none.
	name  string
	at    time.Time
	value float64
	// whole says that it is what another is a part of.
	whole bool
}

// answer is the form of the API's answers.
type answer struct {
	Status string `json:"status"`
	Error  string `json:"error"`
	Data   struct {
		Type   string          `json:"resultType"`
		Result json.RawMessage `json:"result"`
	} `json:"data"`
}

// parse reads what Prometheus answered to an instant query.
func parse(from fetch.Answer) ([]sample, error) {
	var a answer
	if err := json.Unmarshal([]byte(from.Body), &a); err != nil || a.Status == "" {
		return nil, fmt.Errorf("the answer, with status %d, is not that of Prometheus", from.Status)
	}
	if a.Status != "success" {
		text, _, _ := strings.Cut(a.Error, "\n")
		return nil, errors.New("the query is refused: " + text[:min(len(text), 300)])
	}
	switch a.Data.Type {
	case "scalar":
		var p point
		if err := json.Unmarshal(a.Data.Result, &p); err != nil {
			return nil, fmt.Errorf("read the answer: %w", err)
		}
		return []sample{{at: p.at, value: p.value}}, nil
	case "vector":
		return parseVector(a.Data.Result)
	}
	return nil, fmt.Errorf("the query gives a %s: it must give one number a series as it is now", a.Data.Type)
}

func parseVector(text json.RawMessage) ([]sample, error) {
	var series []struct {
		Metric map[string]string `json:"metric"`
		Value  *point            `json:"value"`
	}
	if err := json.Unmarshal(text, &series); err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	switch {
	case len(series) == 0:
		return nil, errors.New("the query finds nothing")
	case len(series) > maxSeries:
		return nil, fmt.Errorf("the query finds %d series, more than %d: sum them", len(series), maxSeries)
	}
	list := make([]sample, len(series))
	for i, s := range series {
		if s.Value == nil {
			return nil, errors.New("the query gives histograms: ask for a number of them")
		}
		list[i] = sample{labels(s.Metric), s.Value.at, s.Value.value, s.Metric[kindLabel] == wholeKind}
	}
	return list, nil
}

// labels writes a series' labels in one way.
func labels(of map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		if name != "__name__" && name != kindLabel {
			parts = append(parts, name+"="+strconv.Quote(of[name]))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// point is [seconds, "number"].
type point struct {
	at    time.Time
	value float64
}

// UnmarshalJSON reads a point. NaN and infinities are numbers here; what they
// mean is up to who reads them.
func (p *point) UnmarshalJSON(text []byte) error {
	var pair []json.RawMessage
	var seconds float64
	var number string
	if err := json.Unmarshal(text, &pair); err != nil {
		return err
	}
	if len(pair) != 2 {
		return errors.New("a sample is a time and a number")
	}
	if err := errors.Join(json.Unmarshal(pair[0], &seconds), json.Unmarshal(pair[1], &number)); err != nil {
		return err
	}
	if math.Abs(seconds) > 1e11 {
		return errors.New("the time of a sample is out of all bounds")
	}
	value, err := strconv.ParseFloat(number, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return err
	}
	whole, part := math.Modf(seconds)
	p.at, p.value = time.Unix(int64(whole), int64(part*1e9)), value
	return nil
}
