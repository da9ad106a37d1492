package sqlite

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"slices"
)

// sector is what a disk writes whole or not at all.
const sector = 512

// disk is what a machine's disk and its cache hold of a few files. A file that
// is absent on the disk is nil there.
type disk struct {
	// kept outlives a power cut.
	kept map[string][]byte
	// pending is what was done to each file since it was last synced.
	pending map[string][]event
}

func newDisk(files map[string][]byte) *disk {
	return &disk{kept: maps.Clone(files), pending: map[string][]event{}}
}

// do takes an event in. A folder's entry is kept by the sync of the file,
// as SQLite sees to, but its removal is only ever pending.
func (d *disk) do(e event) {
	switch e.what {
	case synced:
		for _, p := range d.pending[e.file] {
			d.kept[e.file] = apply(d.kept[e.file], p)
		}
		if d.kept[e.file] == nil {
			d.kept[e.file] = []byte{}
		}
		delete(d.pending, e.file)
	default:
		d.pending[e.file] = append(d.pending[e.file], e)
	}
}

// apply returns the content after an event; nil after a removal.
func apply(content []byte, e event) []byte {
	switch e.what {
	case deleted:
		return nil
	case truncated:
		return resized(content, e.at)
	}
	end := e.at + int64(len(e.data))
	content = resized(content, max(int64(len(content)), end))
	copy(content[e.at:end], e.data)
	return content
}

// resized returns a copy with size bytes; what is new is zero.
func resized(content []byte, size int64) []byte {
	grown := make([]byte, size)
	copy(grown, content)
	return grown
}

// surviving says what the power leaves of what was not synced.
type surviving func(rng *rand.Rand, pending []event) []event

// everything was in the cache and got to the disk, or the power never went.
func everything(_ *rand.Rand, pending []event) []event { return pending }

// nothing that was not synced got to the disk.
func nothing(*rand.Rand, []event) []event { return nil }

// beginning is what was done first, the last write of it torn.
func beginning(rng *rand.Rand, pending []event) []event {
	if len(pending) == 0 {
		return nil
	}
	first := slices.Clone(pending[:1+rng.IntN(len(pending))])
	last := &first[len(first)-1]
	if last.what == wrote {
		last.data = last.data[:rng.IntN(len(last.data)+1)/sector*sector]
	}
	return first
}

// scattered is any part of it, in sectors, whatever was written when.
func scattered(rng *rand.Rand, pending []event) []event {
	var some []event
	for _, e := range pending {
		if e.what != wrote {
			if rng.IntN(2) == 0 {
				some = append(some, e)
			}
			continue
		}
		for from := 0; from < len(e.data); {
			to := min(from+sector-int(e.at+int64(from))%sector, len(e.data))
			if rng.IntN(2) == 0 {
				some = append(some, event{what: wrote, file: e.file, at: e.at + int64(from), data: e.data[from:to]})
			}
			from = to
		}
	}
	return some
}

// cut returns the files as they are found when the power is back.
func (d *disk) cut(rng *rand.Rand, survives surviving) map[string][]byte {
	found := map[string][]byte{}
	names := slices.Sorted(maps.Keys(d.kept))
	for name := range d.pending {
		if _, known := d.kept[name]; !known {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		content := bytes.Clone(d.kept[name])
		for _, e := range survives(rng, d.pending[name]) {
			content = apply(content, e)
		}
		if content != nil {
			found[name] = content
		}
	}
	return found
}
