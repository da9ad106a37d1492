package soaktest

import "cutover/internal/testkit/fault"

// mountSmall puts the state folder on a small disk of its own, where that is
// allowed. Where it is not, a full disk is played by files that may not grow.
func (s *stage) mountSmall() {
	if _, err := fault.SmallDisk(s.path(), diskSize); err != nil {
		s.note("no small disk here: %v", err)
		return
	}
	s.small = true
}
