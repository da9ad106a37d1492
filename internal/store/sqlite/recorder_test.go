package sqlite

import (
	"bytes"
	"path/filepath"
	"sync"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// recorder writes down what SQLite does to the files of one folder, in order.
type recorder struct {
	mu     sync.Mutex
	events []event
	// room is how many more writes find room on the disk, if rationed.
	room     int
	rationed bool
}

// ration lets so many more writes through; then the disk is full.
func (r *recorder) ration(writes int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.room, r.rationed = writes, true
}

// free makes room again.
func (r *recorder) free() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rationed = false
}

// fits reports whether the next write finds room.
func (r *recorder) fits() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.room--
	return !r.rationed || r.room >= 0
}

// what happened to a file.
type what string

const (
	wrote     what = "write"
	truncated what = "truncate"
	synced    what = "sync"
	deleted   what = "delete"
)

// event is one thing SQLite had the system do, or, without a file, what the
// test itself wants to remember at this point.
type event struct {
	what what
	file string
	at   int64
	data []byte
	note any
}

func (r *recorder) add(e event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

func (r *recorder) taken() []event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]event(nil), r.events...)
}

// tap is the place where recorders listen: a layer over the system's own VFS,
// which passes on everything. Only files in a recorded folder are touched.
var tap struct {
	once sync.Once
	real lib.Tsqlite3_vfs

	mu        sync.Mutex
	recorders map[string]*recorder
	open      map[uintptr]tapped
	patched   map[uintptr]uintptr
}

// tapped is an open file whose changes are recorded.
type tapped struct {
	recorder *recorder
	name     string
	real     *lib.Tsqlite3_io_methods
}

// record begins to write down what happens in folder; stop ends it.
func record(folder string) (r *recorder, stop func()) {
	tap.once.Do(install)
	r = &recorder{}
	tap.mu.Lock()
	defer tap.mu.Unlock()
	tap.recorders[folder] = r
	return r, func() {
		tap.mu.Lock()
		defer tap.mu.Unlock()
		delete(tap.recorders, folder)
	}
}

func install() {
	tap.recorders, tap.open = map[string]*recorder{}, map[uintptr]tapped{}
	tap.patched = map[uintptr]uintptr{}
	tls := libc.NewTLS()
	defer tls.Close()
	tap.real = *pointer[lib.Tsqlite3_vfs](lib.Xsqlite3_vfs_find(tls, 0))
	layer := tap.real
	layer.FpNext = 0
	layer.FzName, _ = libc.CString("recorded")
	layer.FxOpen = address(openFile)
	layer.FxDelete = address(deleteFile)
	lib.Xsqlite3_vfs_register(tls, lasting(tls, layer), 1)
}

// lasting copies v to where SQLite may keep it, for as long as the process
// lives.
func lasting[T any](tls *libc.TLS, v T) uintptr {
	at := libc.Xcalloc(tls, 1, libc.Tsize_t(unsafe.Sizeof(v)))
	*pointer[T](at) = v
	return at
}

// pointer, address and function cross the border to SQLite, which is C turned
// into Go: there, pointers are plain numbers.
func pointer[T any](at uintptr) *T { return *(**T)(unsafe.Pointer(&at)) }

func address(f any) uintptr {
	type words [2]uintptr
	return (*words)(unsafe.Pointer(&f))[1]
}

func function[F any](at uintptr) F {
	return *(*F)(unsafe.Pointer(&at))
}

func recorderOf(path string) *recorder {
	tap.mu.Lock()
	defer tap.mu.Unlock()
	return tap.recorders[filepath.Dir(path)]
}

func openFile(tls *libc.TLS, vfs, name, file uintptr, flags int32, out uintptr) int32 {
	real := function[func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32](tap.real.FxOpen)
	rc := real(tls, vfs, name, file, flags, out)
	if rc != lib.SQLITE_OK || name == 0 {
		return rc
	}
	path := libc.GoString(name)
	r := recorderOf(path)
	if r == nil || flags&lib.SQLITE_OPEN_READWRITE == 0 {
		return rc
	}
	tap.mu.Lock()
	defer tap.mu.Unlock()
	f := pointer[lib.Tsqlite3_file](file)
	tap.open[file] = tapped{r, filepath.Base(path), pointer[lib.Tsqlite3_io_methods](f.FpMethods)}
	f.FpMethods = patchedLocked(tls, f.FpMethods)
	return rc
}

// patchedLocked returns where the methods at the address are, those replaced
// that change a file.
func patchedLocked(tls *libc.TLS, at uintptr) uintptr {
	if tap.patched[at] == 0 {
		m := *pointer[lib.Tsqlite3_io_methods](at)
		m.FxClose, m.FxWrite = address(closeFile), address(writeFile)
		m.FxTruncate, m.FxSync = address(truncateFile), address(syncRecorded)
		tap.patched[at] = lasting(tls, m)
	}
	return tap.patched[at]
}

func tappedAt(file uintptr) tapped {
	tap.mu.Lock()
	defer tap.mu.Unlock()
	return tap.open[file]
}

func deleteFile(tls *libc.TLS, vfs, name uintptr, syncFolder int32) int32 {
	rc := function[func(*libc.TLS, uintptr, uintptr, int32) int32](tap.real.FxDelete)(tls, vfs, name, syncFolder)
	path := libc.GoString(name)
	if r := recorderOf(path); r != nil && rc == lib.SQLITE_OK {
		r.add(event{what: deleted, file: filepath.Base(path)})
	}
	return rc
}

func closeFile(tls *libc.TLS, file uintptr) int32 {
	f := tappedAt(file)
	tap.mu.Lock()
	delete(tap.open, file)
	tap.mu.Unlock()
	return function[func(*libc.TLS, uintptr) int32](f.real.FxClose)(tls, file)
}

func writeFile(tls *libc.TLS, file, data uintptr, n int32, at int64) int32 {
	f := tappedAt(file)
	if !f.recorder.fits() {
		return lib.SQLITE_FULL
	}
	rc := function[func(*libc.TLS, uintptr, uintptr, int32, int64) int32](f.real.FxWrite)(tls, file, data, n, at)
	f.recorder.add(event{what: wrote, file: f.name, at: at, data: bytes.Clone(unsafe.Slice(pointer[byte](data), n))})
	return rc
}

func truncateFile(tls *libc.TLS, file uintptr, size int64) int32 {
	f := tappedAt(file)
	rc := function[func(*libc.TLS, uintptr, int64) int32](f.real.FxTruncate)(tls, file, size)
	f.recorder.add(event{what: truncated, file: f.name, at: size})
	return rc
}

func syncRecorded(tls *libc.TLS, file uintptr, flags int32) int32 {
	f := tappedAt(file)
	rc := function[func(*libc.TLS, uintptr, int32) int32](f.real.FxSync)(tls, file, flags)
	f.recorder.add(event{what: synced, file: f.name})
	return rc
}
