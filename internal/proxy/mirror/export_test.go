package mirror

// Left returns how many bytes may still be held.
func Left(m *Mirror) int64 { return m.budget.left.Load() }
