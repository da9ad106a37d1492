package redis

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"cutover/internal/release"
)

const (
	// most is how many keys of a kept namespace are looked at, looking how long
	// that may take in all, kinds how many kinds of keys are remembered.
	most    = 10_000
	looking = 20 * time.Second
	kinds   = 500
)

// profile is which forms the values of each kind of key have.
type profile struct {
	Keys int `json:"keys"`
	// Forms has, for each pattern and form, one key as an example.
	Forms map[string]map[string]string `json:"forms"`
	// Partial says that there were more keys than were looked at.
	Partial bool `json:"partial,omitempty"`
}

// Sample looks at keys of the kept namespaces and returns what their values
// look like. It changes nothing and keeps no value.
func (s *Store) Sample(ctx context.Context, o release.CacheOrder) (release.CacheResult, error) {
	p, err := take(ctx, o.Cache)
	if err != nil {
		return release.CacheResult{}, err
	}
	text, err := json.Marshal(p)
	if err != nil {
		return release.CacheResult{}, fmt.Errorf("write down what the cache holds: %w", err)
	}
	return release.CacheResult{Profile: text, Keys: int64(p.Keys), Note: fmt.Sprintf("%d keys of kept namespaces looked at", p.Keys)}, nil
}

// Compare looks at them again, when both versions have written, and says
// whether a kind of key has values of a form that it had not before.
func (s *Store) Compare(ctx context.Context, o release.CacheOrder, before release.Sealed) (release.CheckResult, error) {
	began := time.Now()
	result := release.CheckResult{Name: "cache formats", Attempts: 1}
	var old profile
	if err := json.Unmarshal(before, &old); err != nil {
		return result, fmt.Errorf("read what the cache held before: %w", err)
	}
	now, err := take(ctx, o.Cache)
	if err != nil {
		return result, err
	}
	differences := old.differences(now)
	result.Took, result.Passed = time.Since(began), len(differences) == 0
	result.Evidence = fmt.Sprintf("%d keys before, %d now, of %d kinds: every kind has the forms it had", old.Keys, now.Keys, len(now.Forms))
	if len(differences) > 0 {
		result.Evidence = "two formats under one kind of key: " + strings.Join(differences, "; ") +
			"; write another format for the namespace in the app's spec.cache, or bump it in the release"
	}
	switch {
	case old.Keys == 0 || now.Keys == 0:
		result.Concern = "the kept namespaces held nothing to compare"
	case old.Partial || now.Partial:
		result.Concern = "there are more keys than were looked at"
	}
	return result, nil
}

// differences lists, for each kind of key that was there before, the forms that
// were not.
func (p profile) differences(now profile) []string {
	const shownMost = 5
	var list []string
	for _, pattern := range slices.Sorted(maps.Keys(now.Forms)) {
		before, known := p.Forms[pattern]
		if !known {
			continue
		}
		for _, form := range slices.Sorted(maps.Keys(now.Forms[pattern])) {
			if _, same := before[form]; !same && len(list) < shownMost {
				list = append(list, fmt.Sprintf("%s was %s and is %s, as in %s", pattern,
					strings.Join(slices.Sorted(maps.Keys(before)), " or "), form, now.Forms[pattern][form]))
			}
		}
	}
	return list
}

func take(ctx context.Context, cache release.Cache) (profile, error) {
	p := profile{Forms: map[string]map[string]string{}}
	c, err := connect(cache.Redis)
	if err != nil {
		return p, err
	}
	defer c.Close()
	until := time.Now().Add(looking)
	for _, prefix := range cache.Kept() {
		n := 0
		err := walk(ctx, c, prefix, 0, pacer{}, func(keys []string, next uint64) (bool, error) {
			n += len(keys)
			more := n < most && time.Now().Before(until)
			p.Partial = p.Partial || !more && next != 0
			return more, p.add(ctx, c, prefix, keys)
		})
		if err != nil {
			return p, trouble(cache.Redis, err)
		}
	}
	return p, nil
}

// add looks at the types and first bytes of some keys.
func (p *profile) add(ctx context.Context, c *redis.Client, prefix string, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	types := make([]*redis.StatusCmd, len(keys))
	heads := make([]*redis.StringCmd, len(keys))
	pipe := c.Pipeline()
	for i, key := range keys {
		types[i], heads[i] = pipe.Type(ctx, key), pipe.GetRange(ctx, key, 0, first-1)
	}
	// What is no string refuses GETRANGE, which is no failure of the look.
	if _, err := pipe.Exec(ctx); err != nil && !refused(err) {
		return err
	}
	for i, key := range keys {
		switch kind := types[i].Val(); {
		case types[i].Err() != nil:
			return types[i].Err()
		case kind == "none": // it has expired meanwhile
		case kind == "string" && heads[i].Err() == nil:
			p.note(patternOf(prefix, key), formOf([]byte(heads[i].Val())), shown(prefix, key))
		case kind != "string":
			p.note(patternOf(prefix, key), kind, shown(prefix, key))
		}
	}
	return nil
}

func refused(err error) bool {
	var answer redis.Error
	return errors.As(err, &answer) && strings.HasPrefix(err.Error(), "WRONGTYPE")
}

func (p *profile) note(pattern, form, key string) {
	p.Keys++
	if p.Forms[pattern] == nil {
		if len(p.Forms) >= kinds {
			p.Partial = true
			return
		}
		p.Forms[pattern] = map[string]string{}
	}
	if _, known := p.Forms[pattern][form]; !known {
		p.Forms[pattern][form] = key
	}
}
