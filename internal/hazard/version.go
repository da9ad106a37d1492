package hazard

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var number = regexp.MustCompile(`^[0-9]{1,6}(\.[0-9]{1,6})*`)

// parse reads the numbers a version begins with; what follows them, such as
// rc1, does not count.
func parse(version string) ([]int, error) {
	head := number.FindString(version)
	if head == "" {
		return nil, fmt.Errorf("%q is not a version such as 4.1.2", version)
	}
	var list []int
	for _, part := range strings.Split(head, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil, fmt.Errorf("read version %q: %w", version, err)
		}
		list = append(list, n)
	}
	return list, nil
}

// before reports whether a is older than b. What is missing at the end counts
// as 0.
func before(a, b string) bool {
	x, errX := parse(a)
	y, errY := parse(b)
	if errX != nil || errY != nil {
		return false
	}
	for i := range max(len(x), len(y)) {
		if c := cmp.Compare(at(x, i), at(y, i)); c != 0 {
			return c < 0
		}
	}
	return false
}

func at(list []int, i int) int {
	if i < len(list) {
		return list[i]
	}
	return 0
}
