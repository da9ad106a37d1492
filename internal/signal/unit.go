package signal

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"time"
)

// Unit is what a signal's number counts.
type Unit string

// The units. A Ratio is a part of a whole, 0..1, written in percent.
const (
	Count     Unit = "count"
	Seconds   Unit = "seconds"
	Bytes     Unit = "bytes"
	Ratio     Unit = "ratio"
	PerSecond Unit = "per second"
	Cores     Unit = "cores"
)

// Units lists all units.
func Units() []Unit { return []Unit{Count, Seconds, Bytes, Ratio, PerSecond, Cores} }

// example shows how a quantity of the unit is written.
func (u Unit) example() string {
	switch u {
	case Seconds:
		return "500ms or 2s"
	case Bytes:
		return "512MiB"
	case Ratio:
		return "80%"
	case PerSecond:
		return "5/s"
	case Cores:
		return "1.5 cores"
	}
	return "100"
}

// Quantity is a number with its unit.
type Quantity struct {
	Value float64 `json:"value"`
	Unit  Unit    `json:"unit"`
}

var quantityForm = regexp.MustCompile(`^(-?\d+(?:\.\d+)?) ?(%|/s|cores?|[kKMGT]i?B|B|us|µs|ms|s|m|h)?$`)

var scales = map[string]Quantity{
	"": {1, Count}, "%": {0.01, Ratio}, "/s": {1, PerSecond}, "core": {1, Cores}, "cores": {1, Cores},
	"B": {1, Bytes}, "kB": {1e3, Bytes}, "KB": {1e3, Bytes}, "MB": {1e6, Bytes}, "GB": {1e9, Bytes}, "TB": {1e12, Bytes},
	"kiB": {1 << 10, Bytes}, "KiB": {1 << 10, Bytes}, "MiB": {1 << 20, Bytes}, "GiB": {1 << 30, Bytes}, "TiB": {1 << 40, Bytes},
	"us": {1e-6, Seconds}, "µs": {1e-6, Seconds}, "ms": {1e-3, Seconds}, "s": {1, Seconds}, "m": {60, Seconds}, "h": {3600, Seconds},
}

// ParseQuantity reads a number and its unit, such as 80%, 512MiB, 2s, 5/s,
// 1.5 cores or 100.
func ParseQuantity(text string) (Quantity, error) {
	m := quantityForm.FindStringSubmatch(text)
	if m == nil {
		return Quantity{}, fmt.Errorf("%q is not a number with a unit: write one such as 80%%, 512MiB, 2s, 5/s, 1.5 cores or 100", text)
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil || math.IsInf(n, 0) {
		return Quantity{}, fmt.Errorf("%q is too large a number", text)
	}
	scale := scales[m[2]]
	return Quantity{n * scale.Value, scale.Unit}, nil
}

// String writes it as ParseQuantity reads it, rounded for people.
func (q Quantity) String() string {
	switch q.Unit {
	case Ratio:
		return digits(q.Value*100) + "%"
	case PerSecond:
		return digits(q.Value) + "/s"
	case Cores:
		return digits(q.Value) + " cores"
	case Bytes:
		return bytesText(q.Value)
	case Seconds:
		return secondsText(q.Value)
	}
	return digits(q.Value)
}

// digits writes three significant digits, and whole numbers below a million
// in full.
func digits(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e6 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

func bytesText(v float64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	i := 0
	for ; math.Abs(v) >= 1024 && i < len(units)-1; i++ {
		v /= 1024
	}
	return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) + units[i]
}

func secondsText(v float64) string {
	if math.Abs(v) < 1 && v != 0 {
		return digits(v*1000) + "ms"
	}
	return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64) + "s"
}

// span writes a duration rounded for people.
func span(d time.Duration) string {
	if d >= time.Second {
		d = d.Round(100 * time.Millisecond)
	}
	return d.String()
}
