package process

import "path/filepath"

// layout says where things lie below the state folder. DESIGN.md has a map.
type layout struct{ root string }

func (l layout) apps() string              { return filepath.Join(l.root, "instances") }
func (l layout) app(app string) string     { return filepath.Join(l.apps(), app) }
func (l layout) appLock(app string) string { return filepath.Join(l.app(app), "lock") }
func (l layout) book(app string) string    { return filepath.Join(l.app(app), "book.json") }
func (l layout) slots(app string) string   { return filepath.Join(l.app(app), "slots") }
func (l layout) logs(app string) string    { return filepath.Join(l.root, "logs", app) }
func (l layout) files(app string) string   { return filepath.Join(l.root, "files", app) }

func (l layout) slot(app, id string) string { return filepath.Join(l.slots(app), id) }
func (l layout) log(app, id string) string  { return filepath.Join(l.logs(app), id+logSuffix) }

const logSuffix = ".log"
