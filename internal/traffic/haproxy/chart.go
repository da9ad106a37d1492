package haproxy

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"cutover/internal/release"
)

// chart is the map by which HAProxy chooses a side, and in which cutover notes
// what belongs to the route. It is in HAProxy's memory, and on disk for the
// next start.
type chart map[string]string

// The entries. keySlot begins those that say which instance a server is.
const (
	keyFence      = "fence"
	keyGeneration = "generation"
	keySalt       = "salt"
	keyPrivate    = "private"
	keyGreen      = "green"
	keyBlue       = "blue"
	keySlot       = "server/"
)

// readChart reads what HAProxy has in memory.
func readChart(ctx context.Context, w wire, path string) (chart, error) {
	said, err := w.tell(ctx, "show map "+path)
	if err != nil {
		return nil, err
	}
	c := chart{}
	for line := range strings.Lines(said) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		if len(f) != 3 || !strings.HasPrefix(f[0], "0x") {
			return nil, fmt.Errorf("HAProxy has no map %s: %s: use it in the frontend as docs/fronts.md shows, or correct spec.traffic.haproxy.map", path, strings.TrimSpace(line))
		}
		c[f[1]] = f[2]
	}
	return c, nil
}

// set brings an entry to a value.
func (c chart) set(ctx context.Context, w wire, path, key, value string) error {
	have, ok := c[key]
	if have == value && ok {
		return nil
	}
	verb := "add"
	if ok {
		verb = "set"
	}
	if err := w.order(ctx, fmt.Sprintf("%s map %s %s %s", verb, path, key, value)); err != nil {
		return err
	}
	c[key] = value
	return nil
}

// text is the map as its file has it.
func (c chart) text() string {
	var b strings.Builder
	b.WriteString("# cutover keeps this map; what is changed by hand is lost.\n")
	for _, k := range slices.Sorted(maps.Keys(c)) {
		fmt.Fprintf(&b, "%s %s\n", k, c[k])
	}
	return b.String()
}

func (c chart) number(key string) uint64 {
	n, _ := strconv.ParseUint(c[key], 10, 64)
	return n
}

func (c chart) word(key string) string {
	if c[key] == "-" {
		return ""
	}
	text, err := url.QueryUnescape(c[key])
	if err != nil {
		return c[key]
	}
	return text
}

// written is a word as the map can hold it.
func written(text string) string {
	if text == "" {
		return "-"
	}
	return url.QueryEscape(text)
}

// routed reports whether cutover has ever routed the app here.
func (c chart) routed() bool { return c.number(keyGeneration) > 0 }

func (c chart) weight(s release.Side) release.Weight {
	if s == release.Green {
		return release.Weight(c.number(keyGreen))
	}
	return release.Weight(c.number(keyBlue))
}

// seatKey is the entry that says which instance a server is.
func seatKey(side release.Side, server string) string { return keySlot + string(side) + "/" + server }

// seat says which instance a server of HAProxy is, and at which place of the
// route; a place below zero is one that has left it.
func (c chart) seat(key string) (id string, place int, ok bool) {
	text, ok := c[key]
	if !ok {
		return "", 0, false
	}
	number, word, _ := strings.Cut(text, ":")
	place, err := strconv.Atoi(number)
	id, wrong := url.QueryUnescape(word)
	return id, place, err == nil && wrong == nil
}

func seatOf(e release.Endpoint, place int) string {
	return strconv.Itoa(place) + ":" + url.QueryEscape(e.ID)
}
