package config

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

// Resources is the most that one instance gets.
type Resources struct {
	// Processors, such as 1.5; no limit if it is not set.
	CPUs Text `json:"cpus,omitempty"`
	// Memory, such as 512m or 2g; no limit if it is not set.
	Memory Text `json:"memory,omitempty"`
}

// leastMemory is what Docker demands, in bytes.
const leastMemory = 6 << 20

func (r Resources) validate(tell report) {
	if _, ok := r.cpus(); !ok {
		tell("limits.cpus", "it is not a number of processors", "write one such as 1.5")
	}
	if m, ok := r.memory(); !ok {
		tell("limits.memory", "it is not an amount of memory", "write one such as 512m or 2g")
	} else if m > 0 && m < leastMemory {
		tell("limits.memory", "Docker gives no container less than 6 MiB", "write more, such as 64m")
	}
}

func (r Resources) cpus() (float64, bool) {
	if r.CPUs == "" {
		return 0, true
	}
	n, err := strconv.ParseFloat(string(r.CPUs), 64)
	return n, err == nil && n >= 0.01 && n <= 4096
}

var memoryForm = regexp.MustCompile(`^(\d+)(\.\d+)?\s?([kmgt]?)i?b?$`)

// memory returns bytes. As Docker does, k is 1024.
func (r Resources) memory() (int64, bool) {
	if r.Memory == "" {
		return 0, true
	}
	m := memoryForm.FindStringSubmatch(strings.ToLower(string(r.Memory)))
	if m == nil {
		return 0, false
	}
	n, err := strconv.ParseFloat(m[1]+m[2], 64)
	if m[3] != "" {
		n *= math.Pow(1024, float64(1+strings.Index("kmgt", m[3])))
	}
	return int64(n), err == nil && n < 1<<60
}
