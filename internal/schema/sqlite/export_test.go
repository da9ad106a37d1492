package sqlite

// Before lets a test hear each statement before it runs.
func (e *Engine) Before(f func(sql string)) { e.before = f }
