package config

import "cutover/internal/signal"

// Signals are numbers and conditions by which the release is judged beside its
// requests.
type Signals struct {
	// The pause between two readings of a signal.
	Every Duration `json:"every,omitempty" jsonschema:"default=5s"`
	// The numbers to watch.
	Watch []Signal `json:"watch,omitempty"`
	// Sentences in CEL that must hold, such as green.queue < 2.0 * blue.queue.
	Conditions []Condition `json:"conditions,omitempty"`
}

// Signal is one number to watch: where it is read, what it is compared with,
// and what may follow.
type Signal struct {
	// What it is called, in conditions too: letters, digits and _.
	Name string `json:"name" jsonschema:"required" example:"queue"`
	// Ask Prometheus: what query, bad, used and so on say is PromQL.
	Prometheus *Queries `json:"prometheus,omitempty"`
	// Ask an address that answers with JSON: what query, bad, used and so on say are paths such as $.queue.
	HTTP *Queries `json:"http,omitempty"`
	// Ask PostgreSQL for one of its own numbers.
	Postgres *DatabaseNumber `json:"postgres,omitempty"`
	// Ask PgBouncer's console for one of its own numbers.
	PgBouncer *PoolNumber `json:"pgbouncer,omitempty"`
	// Count what the app's cache, spec.cache, was asked for and did not have.
	Cache *CacheNumber `json:"cache,omitempty"`
	// Look at the instances' processes: their processor time, or their memory.
	Process string `json:"process,omitempty" jsonschema:"enum=cpu,enum=memory"`
	// Count lines of the instances' logs: exceptions, authentication_failures, or a regular expression.
	Log string `json:"log,omitempty"`
	// What the number counts, where the source does not say.
	Unit string `json:"unit,omitempty" jsonschema:"enum=count,enum=seconds,enum=bytes,enum=ratio,enum=per second,enum=cores"`
	// Count in the requests of each side, which otherwise differ in how many they get.
	Per string `json:"per,omitempty" jsonschema:"enum=request"`
	// How the numbers of a side's instances become one.
	Merge string `json:"merge,omitempty" jsonschema:"default=worst,enum=worst,enum=sum,enum=mean"`
	// What green is compared with: blue now, the baseline from before the release, or the limit; without, the limit if there is one, else blue.
	Compare string `json:"compare,omitempty" jsonschema:"enum=blue,enum=baseline,enum=limit"`
	// The limit, with its unit: 80%, 512MiB, 2s, 5/s or 100.
	Limit *Quantity `json:"limit,omitempty"`
	// How much worse than blue or the baseline is still no worse.
	Tolerance Quantity `json:"tolerance,omitempty" jsonschema:"default=20%"`
	// A difference that is none, in the signal's unit.
	Least *Quantity `json:"least,omitempty"`
	// Which way is worse.
	Worse string `json:"worse,omitempty" jsonschema:"default=higher,enum=higher,enum=lower"`
	// A guard takes the release back at once; evidence is weighed together with everything else.
	Role string `json:"role,omitempty" jsonschema:"default=guard,enum=guard,enum=evidence"`
	// What a guard does when it has found it worse: it takes the release back, as guard.onFailure says, or pauses it for a person to decide.
	Action string `json:"action,omitempty" jsonschema:"default=rollback,enum=rollback,enum=pause"`
	// The weight of evidence, beside 0.6 for errors and 0.3 for latency.
	Weight *Weight `json:"weight,omitempty"`
	// How long a guard must find it worse without a break before it acts.
	For Duration `json:"for,omitempty" jsonschema:"default=0s"`
	// Over how long the growth of counters is taken.
	Window Duration `json:"window,omitempty" jsonschema:"default=30s"`
	// How old a reading may be before the number counts as missing.
	Stale Duration `json:"stale,omitempty" jsonschema:"default=30s"`
}

// Queries ask for one number, or for a part and its whole. They may have
// {{app}}, {{side}} and {{version}}; without side and version, both sides share
// the number.
type Queries struct {
	// The address, or for http only a path, to ask every instance; or env:NAME, or file:PATH.
	URL string `json:"url" jsonschema:"required" example:"http://127.0.0.1:9090"`
	// The number as it is now.
	Query string `json:"query,omitempty"`
	// The number only grows: its growth per second counts.
	Counter bool `json:"counter,omitempty"`
	// A counter of what went badly, such as a cache's misses.
	Bad string `json:"bad,omitempty"`
	// The counter of all, beside bad.
	All string `json:"all,omitempty"`
	// The counter of what went well, beside bad, in place of all.
	Good string `json:"good,omitempty"`
	// The part that is used now.
	Used string `json:"used,omitempty"`
	// What it is a part of.
	Of string `json:"of,omitempty"`
	// Headers. A value may be a reference: env:NAME or file:PATH.
	Headers map[string]Text `json:"headers,omitempty"`
}

// DatabaseNumber is one of PostgreSQL's own numbers.
type DatabaseNumber struct {
	// The database: an address without a password, or env:NAME, or file:PATH.
	URL string `json:"url" jsonschema:"required" example:"env:SHOP_DATABASE_URL"`
	// Which number.
	Measure string `json:"measure" jsonschema:"required,enum=connections,enum=waiting_locks,enum=longest_transaction,enum=slow_statements" example:"connections"`
	// Only sessions with this application_name; * stands for anything, {{side}} and {{version}} tell the sides apart.
	Application string `json:"application,omitempty"`
	// From when on a statement is slow.
	Longer Duration `json:"longer,omitempty" jsonschema:"default=1s"`
}

// PoolNumber is one of PgBouncer's own numbers.
type PoolNumber struct {
	// The console: an address without a password, or env:NAME, or file:PATH.
	URL string `json:"url" jsonschema:"required" example:"env:SHOP_POOL_URL"`
	// Which number.
	Measure string `json:"measure" jsonschema:"required,enum=waiting_clients,enum=longest_wait,enum=pool" example:"pool"`
	// Only this database; {{side}} and {{version}} tell the sides apart.
	Database string `json:"database,omitempty"`
}

// CacheNumber is what Redis itself can tell of its misses.
type CacheNumber struct {
	// misses: keys of a namespace that each side asked for and did not find. missed_share: the share of all lookups on the whole server, of both sides and of strangers.
	Measure string `json:"measure" jsonschema:"required,enum=misses,enum=missed_share" example:"misses"`
	// For misses, the namespace of spec.cache; each side needs a generation of its own in it.
	Namespace string `json:"namespace,omitempty"`
}

// Condition is a sentence in CEL that must hold.
type Condition struct {
	// What to call it; without, what it says.
	Name string `json:"name,omitempty"`
	// What must hold: numbers are green.NAME, blue.NAME, shared.NAME and baseline.NAME; there are release.step, weight, phase and seconds too.
	Require string `json:"require" jsonschema:"required" example:"green.queue < 2.0 * blue.queue"`
	// What follows if it does not: the release stands still, or goes back.
	Otherwise string `json:"otherwise,omitempty" jsonschema:"default=hold,enum=hold,enum=rollback"`
}

func (Condition) shortKey() string { return "require" }

// Quantity is a number with its unit, such as 80%, 512MiB, 2s, 5/s or 100.
type Quantity signal.Quantity

func (q *Quantity) fromText(text string) error {
	read, err := signal.ParseQuantity(text)
	if err != nil {
		return &mistake{"it is not a number with a unit", "write one such as 80%, 512MiB, 2s, 5/s, 1.5 cores or 100"}
	}
	*q = Quantity(read)
	return nil
}

// String writes the number with its unit.
func (q Quantity) String() string { return signal.Quantity(q).String() }

func (*Quantity) form() string { return "a number with its unit such as 80%, 512MiB, 2s, 5/s or 100" }

// Weight is a weight above 0 and at most 1.
type Weight float64

func (w *Weight) fromText(text string) error {
	var r Ratio
	if err := r.fromText(text); err != nil || r == 0 {
		return &mistake{"it is not a weight", "write a number above 0 and at most 1, such as 0.1"}
	}
	*w = Weight(r)
	return nil
}

// String writes the weight as a number.
func (w Weight) String() string { return Ratio(w).String() }

func (*Weight) form() string { return "a number above 0 and at most 1, such as 0.1" }
