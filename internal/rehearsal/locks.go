package rehearsal

// modes are the modes of locks on tables, from the weak up, as pg_locks names
// them.
var modes = []string{"AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock", "ShareLock",
	"ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"}

// against lists, for every mode, the weakest mode from which on others wait
// for it, as a place in modes; those that are not monotonous are handled in
// conflicts.
var against = map[string]int{
	"AccessShareLock": 7, "RowShareLock": 6, "RowExclusiveLock": 4, "ShareUpdateExclusiveLock": 3, "ShareLock": 2,
	"ShareRowExclusiveLock": 2, "ExclusiveLock": 1, "AccessExclusiveLock": 0,
}

func rank(mode string) int {
	for i, m := range modes {
		if m == mode {
			return i
		}
	}
	return -1
}

// conflicts reports whether somebody who wants one mode waits for somebody who
// holds the other.
func conflicts(wants, holds string) bool {
	// ShareLock is the one mode that is stronger than some it lets pass:
	// another of its own kind.
	if wants == "ShareLock" && holds == "ShareLock" {
		return false
	}
	from, known := against[wants]
	return known && rank(holds) >= from
}

// blocks says what users cannot do while a table is locked in a mode; "" if
// they notice nothing.
func blocks(mode string) string {
	switch mode {
	case "AccessExclusiveLock":
		return "reads and writes"
	case "ExclusiveLock", "ShareRowExclusiveLock", "ShareLock":
		return "writes"
	}
	return ""
}
