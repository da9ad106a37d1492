package sqlite

// Volatile lets an engine outlive its process, but not the machine.
func (e *Engine) Volatile() *Engine {
	e.volatile = true
	return e
}

// Before lets a test hear each statement before it runs.
func (e *Engine) Before(f func(sql string)) { e.before = f }
