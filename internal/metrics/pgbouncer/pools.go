package pgbouncer

import (
	"fmt"
	"strconv"
	"time"

	"cutover/internal/pooler/console"
	"cutover/internal/signal"
)

// pool is that of one user and database.
type pool struct {
	database string
	// waiting clients, the seconds that the first has waited, the servers in
	// use, and how many there may be.
	waiting, wait, busy, size float64
}

type pools []pool

// join puts the sizes of the databases beside their pools.
func join(used, databases []console.Row) (pools, error) {
	sizes := map[string]string{}
	for _, d := range databases {
		sizes[d["name"]] = d["pool_size"]
	}
	var list pools
	for _, row := range used {
		p := pool{database: row["database"]}
		if p.database == "pgbouncer" {
			continue // the console itself
		}
		var active, tested, login, micro float64
		for _, n := range []struct {
			column string
			into   *float64
		}{{"cl_waiting", &p.waiting}, {"sv_active", &active}, {"sv_tested", &tested}, {"sv_login", &login}, {"maxwait", &p.wait}, {"maxwait_us", &micro}} {
			value, err := strconv.ParseFloat(row[n.column], 64)
			if err != nil {
				return nil, fmt.Errorf("SHOW POOLS of this PgBouncer has no number %s", n.column)
			}
			*n.into = value
		}
		size, err := strconv.ParseFloat(sizes[p.database], 64)
		if err != nil {
			return nil, fmt.Errorf("SHOW DATABASES of this PgBouncer has no pool_size of %s", p.database)
		}
		p.wait += micro / 1e6
		p.busy, p.size = active+tested+login, size
		list = append(list, p)
	}
	return list, nil
}

// reading puts the pools of a database together, of all for "".
func (list pools) reading(s signal.Signal, side signal.Side, database string) signal.Reading {
	r := signal.Reading{Side: side, At: time.Now()}
	found := false
	for _, p := range list {
		if database != "" && p.database != database {
			continue
		}
		found = true
		switch s.Source.Query {
		case signal.WaitingClients:
			r.Value += p.waiting
		case signal.LongestWait:
			r.Value = max(r.Value, p.wait)
		case signal.PoolUse:
			r.Value, r.Of = r.Value+p.busy, r.Of+p.size
		}
	}
	if !found && database != "" {
		return signal.Missing(side, "", r.At, "PgBouncer has no pool of the database %s: nobody has used it yet, or it has another name", database)
	}
	if !found {
		return signal.Missing(side, "", r.At, "PgBouncer has no pools yet")
	}
	return r
}
