package config

import (
	"slices"
	"strings"
)

// nearest returns the candidate most like word, or "" if none is close
// enough to be what was meant.
func nearest(word string, candidates []string) string {
	best, least := "", max((len(word)+1)/3, 1)+1
	for _, c := range candidates {
		if strings.EqualFold(c, word) || len(c) > 3 && strings.HasSuffix(word, c) {
			return c
		}
		if d := distance(strings.ToLower(word), strings.ToLower(c)); d < least {
			best, least = c, d
		}
	}
	return best
}

// distance counts the insertions, removals, replacements and swaps of
// neighbours that turn a into b.
func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	var before []int
	last := make([]int, len(t)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(s); i++ {
		row := make([]int, len(t)+1)
		row[0] = i
		for j := 1; j <= len(t); j++ {
			replace := last[j-1]
			if s[i-1] != t[j-1] {
				replace++
			}
			row[j] = min(last[j]+1, row[j-1]+1, replace)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(t)]
}

// meant words the cure for a word that is not one of the candidates.
func meant(word string, candidates []string) string {
	if n := nearest(word, candidates); n != "" {
		return `did you mean "` + n + `"?`
	}
	return "write " + oneOf(candidates)
}

// oneOf lists words as "a, b or c".
func oneOf(words []string) string {
	words = slices.Clone(words)
	slices.Sort(words)
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
