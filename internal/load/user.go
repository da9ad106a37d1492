package load

import (
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"strconv"
	"time"
)

// user is one person with a browser: cookies and captured values are the
// user's own. It does one thing at a time.
type user struct {
	number int
	at     *host
	client *http.Client
	// captured are the values taken from answers.
	captured map[string]string
	// known are the scenarios, by index, that the user has logged in for.
	known map[int]bool
}

func newUser(number int, at *host) *user {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic("load: a cookie jar without options cannot fail: " + err.Error())
	}
	return &user{number: number, at: at, client: &http.Client{Transport: at.transport, Jar: jar},
		captured: map[string]string{}, known: map[int]bool{}}
}

// iteration is one run of a scenario.
type iteration struct {
	number int
	// due is when its first request is to be sent.
	due    time.Time
	chance *rand.Rand
}

func newIteration(number int, due time.Time, seed uint64, key uint64) iteration {
	return iteration{number: number, due: due, chance: rand.New(rand.NewPCG(seed, key))}
}

// pick draws a scenario by weight.
func (p *program) pick(chance *rand.Rand) int {
	if len(p.scenarios) == 1 {
		return 0
	}
	at := chance.IntN(p.weights)
	for i, s := range p.scenarios {
		if at -= s.weight; at < 0 {
			return i
		}
	}
	panic("load: the weights have another sum")
}

// visit is a user in an iteration.
type visit struct {
	*user
	load     *load
	scenario *scenario
	iteration
	// due moves on: it is when the next request is to be sent.
	due time.Time
	// begun says that the first request was sent. That one is, however late.
	begun bool
	// spent is how long answers took, without pauses; wrong is what ended it
	// early, nil for nothing.
	spent time.Duration
	wrong *exchange
}

// met takes in what became of a request or page.
func (v *visit) met(x *exchange) {
	v.spent += x.service()
	if x.fault != "" && v.wrong == nil {
		v.wrong = x
	}
}

// look returns the value of a variable.
func (v *visit) look(name string) (string, bool) {
	if value, ok := v.captured[name]; ok {
		return value, true
	}
	if value, ok := v.load.program.variables[name]; ok {
		return value, true
	}
	switch name {
	case userVariable:
		return strconv.Itoa(v.user.number), true
	case iterationVariable:
		return strconv.Itoa(v.iteration.number), true
	}
	return v.cell(name)
}

// cell returns what the row of this user or iteration has in a column.
func (v *visit) cell(column string) (string, bool) {
	d := v.scenario.data
	if d == nil {
		return "", false
	}
	n := v.iteration.number
	if d.PerUser {
		n = v.user.number
	}
	for i, name := range d.Columns {
		if name == column {
			return d.Rows[n%len(d.Rows)][i], true
		}
	}
	return "", false
}

// private lists everything of this user that is not to be shown.
func (v *visit) private() []string {
	list := append([]string(nil), v.load.program.secrets...)
	for _, value := range v.captured {
		list = append(list, value)
	}
	if d := v.scenario.data; d != nil {
		for _, name := range d.Columns {
			value, _ := v.cell(name)
			list = append(list, value)
		}
	}
	return list
}

// ending is how an iteration came to its end.
type ending int

const (
	whole ending = iota
	// failed: a request went wrong, and the rest was left out.
	failed
	// cut: the load was over before it was.
	cut
)

// run plays the scenario. A request that goes wrong ends it, as it would end
// what a person is about to do.
func (v *visit) run(index int) ending {
	if !v.known[index] {
		if end := v.play(v.scenario.login); end != whole {
			return end
		}
		v.known[index], v.spent = true, 0
	}
	return v.play(v.scenario.steps)
}

func (v *visit) play(steps []action) ending {
	for _, s := range steps {
		if s.think != nil {
			v.due = v.due.Add(s.think.Least + time.Duration(v.chance.Int64N(int64(s.think.Most-s.think.Least)+1)))
			if !v.load.waitUntil(v.due) {
				return cut
			}
			continue
		}
		if v.begun && v.load.over() {
			return cut
		}
		v.begun = true
		end := whole
		if s.call != nil {
			end = v.request(s.call)
		} else {
			end = v.page(s.page)
		}
		if end != whole {
			return end
		}
	}
	return whole
}

func (v *visit) request(c *call) ending {
	x := v.exchange(c, v.due, false)
	v.at.side.tally.request(c.row, v.at, x)
	v.met(x)
	v.due = x.done
	return x.ending()
}
