package keyring

import (
	"os"
	"syscall"
	"time"
)

// racy is how old a change must be before an unchanged look of a file proves
// an unchanged content: file systems tell times coarsely.
const racy = 2 * time.Second

// again is after how long a file is read although it looks unchanged, for
// file systems that do not tell everything.
const again = time.Minute

// marks are what a look at files shows without reading them.
type marks [2]mark

type mark struct {
	inode, size    uint64
	changed, moved time.Time // content and attributes
	missing        bool
}

func lookAt(paths ...string) marks {
	var m marks
	for i, path := range paths {
		m[i] = markOf(path)
	}
	return m
}

func markOf(path string) mark {
	info, err := os.Stat(path)
	if err != nil {
		return mark{missing: true}
	}
	m := mark{size: uint64(info.Size()), changed: info.ModTime()}
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		m.inode, m.moved = s.Ino, time.Unix(s.Ctim.Unix())
	}
	return m
}

// fresh reports whether anything was changed so lately that a further change
// need not show.
func (m marks) fresh(now time.Time) bool {
	for _, one := range m {
		if now.Sub(one.changed) < racy || now.Sub(one.moved) < racy {
			return true
		}
	}
	return false
}

// watched reads files again when they may have changed.
type watched struct {
	paths []string
	seen  marks
	sure  bool // seen proves the content
	read  time.Time
	// bad counts the readings in a row that failed; problem is the last.
	bad     int
	problem string
}

// patience is how many readings in a row must fail before it is a problem:
// whoever replaces two files does it one after the other.
const patience = 2

// due reports whether the files should be read at the time now.
func (w *watched) due(now time.Time) bool {
	seen := lookAt(w.paths...)
	due := !w.sure || seen != w.seen || now.Sub(w.read) >= again || w.bad > 0 && w.bad < patience
	if due {
		w.seen, w.sure, w.read = seen, !seen.fresh(now), now
	}
	return due
}

// result records how a reading went, and reports whether that is news of a
// problem to be logged.
func (w *watched) result(err error, at int) bool {
	if err == nil {
		w.bad, w.problem = 0, ""
		return false
	}
	w.bad++
	if w.bad < at || w.problem == err.Error() {
		return false
	}
	w.problem = err.Error()
	return true
}
