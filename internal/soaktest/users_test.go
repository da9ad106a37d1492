package soaktest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"cutover/internal/demo/load"
)

// users are the crowd at the front, with the fate of every request.
type users struct {
	*stage
	crowd *load.Client

	mu   sync.Mutex
	kept []string
	// answered has each request that the app answered, with its kind and
	// status; lost those that were lost.
	answered map[string]answer
	lost     []load.Outcome
}

// answer is what a user got.
type answer struct {
	kind   load.Kind
	status int
}

// userPatience is how long a user waits for an answer.
const userPatience = time.Minute

// mostTold bounds how many lost requests the diary tells of.
const mostTold = 5000

// admit lets the users in: GETs, POSTs of two sorts, slow requests, both sorts
// of streams, and some who walk away.
func (s *stage) admit() *users {
	u := &users{stage: s, answered: map[string]answer{}}
	c, err := load.Start(load.Options{URL: "http://" + s.listen, Rate: s.rate, PostShare: 0.4, AddressShare: 0.15, Connections: 48, Anonymous: 0.2,
		Slow: 3, SlowFor: 700 * time.Millisecond, Events: 2, Sockets: 2, Aborts: 1_000_000, AbortEvery: 2 * time.Second, Timeout: userPatience, Observe: u.observe})
	if err != nil {
		s.t.Fatal(err)
	}
	u.crowd = c
	return u
}

func (u *users) observe(o load.Outcome) {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch o.Fate {
	case load.Answered:
		u.answered[o.ID] = answer{o.Kind, o.Status}
		if o.Version == "" && o.Status < 500 {
			u.broke("request %s (%s) was answered %d by nobody's version", o.ID, o.Kind, o.Status)
		}
		if o.Kind == load.AddressKind && o.Status == http.StatusCreated {
			u.kept = append(u.kept, o.ID)
		}
	case load.Lost:
		// Those that found no data plane come by the dozen and tell nothing.
		if u.lost = append(u.lost, o); o.Reason != load.NoConnection && len(u.lost) <= mostTold {
			u.note("x lost %s %s sent %s: %s, %d %s", o.Kind, o.ID, o.Sent.Format("05.000"), o.Reason, o.Status, o.Version)
		}
	}
}

// readers is how many users read addresses back at once.
const readers = 8

// readBack proves that every address is as it was written, whichever version
// wrote it and whatever became of the schema since.
func (u *users) readBack() {
	ids := make(chan string)
	var all sync.WaitGroup
	for range readers {
		all.Go(func() {
			c := http.Client{Timeout: userPatience}
			defer c.CloseIdleConnections()
			for id := range ids {
				if err := u.readOne(&c, id); err != nil {
					u.broke("the address %s: %v", id, err)
				}
			}
		})
	}
	for _, id := range u.kept {
		ids <- id
	}
	close(ids)
	all.Wait()
	if len(u.kept) == 0 {
		u.broke("no address was written")
	}
}

func (u *users) readOne(c *http.Client, id string) error {
	res, err := c.Get("http://" + u.listen + "/api/addresses/" + id)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	var got struct{ Line string }
	err = json.NewDecoder(res.Body).Decode(&got)
	if want := load.AddressOf(id); err != nil || got.Line != want {
		return fmt.Errorf("it is %q (status %d, %v), written was %q", got.Line, res.StatusCode, err, want)
	}
	return nil
}
