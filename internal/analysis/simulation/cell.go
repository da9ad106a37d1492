package simulation

// cell is what is expected in one bucket of the grid, the same in every run.
type cell struct {
	from, weight float64
	// requests of the old version and of the new one
	old, fresh float64
	// how many of them are good and bad
	goodOld, goodNew, badOld, badNew float64
}

// cells returns the cells of a whole scenario.
func cells(sc Scenario, grid float64) []cell {
	var all []cell
	for i := 0; ; i++ {
		t := float64(i) * grid
		if t >= sc.Length.Seconds() {
			return all
		}
		n, w := sc.PerSecond(t)*grid, sc.Weight(t)
		c := cell{from: t, weight: w, old: n * (1 - w), fresh: n * w}
		c.fail(sc.Old(t), sc.New(t))
		all = append(all, c)
	}
}

// fail sets which shares of the requests are bad.
func (c *cell) fail(old, fresh float64) {
	c.badOld, c.badNew = c.old*old, c.fresh*fresh
	c.goodOld, c.goodNew = c.old*(1-old), c.fresh*(1-fresh)
}
