package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"cutover/internal/platform/roll"
	"cutover/internal/release"
)

// listWithin is how long a list command may take.
const listWithin = 10 * time.Second

// Listed is one line of what a list command prints: one instance.
type Listed struct {
	// ID is what the start command was told as {{instance}}.
	ID string `json:"id"`
	// Side and Version are compared with the roll, if they are given.
	Side    release.Side `json:"side"`
	Version string       `json:"version"`
	// Addr is host:port; without it the instance is on this machine, at the
	// port it was given.
	Addr string `json:"addr"`
	// Alive says that it runs; it does if that is left out.
	Alive *bool `json:"alive"`
	// Detail says how it ended, or what it waits for.
	Detail string `json:"detail"`
}

func (l Listed) alive() bool { return l.Alive == nil || *l.Alive }

// parseList reads JSON lines, or one JSON array.
func parseList(data []byte) (map[string]Listed, error) {
	data = bytes.TrimSpace(data)
	var list []Listed
	if len(data) > 0 && data[0] == '[' {
		if err := json.Unmarshal(data, &list); err != nil {
			return nil, fmt.Errorf("what it printed is no JSON array of instances: %w", err)
		}
		return byID(list)
	}
	for dec := json.NewDecoder(bytes.NewReader(data)); ; {
		var l Listed
		err := dec.Decode(&l)
		if errors.Is(err, io.EOF) {
			return byID(list)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d of what it printed is not {\"id\": ..., \"addr\": ...}: %w", len(list)+1, err)
		}
		list = append(list, l)
	}
}

func byID(list []Listed) (map[string]Listed, error) {
	all := map[string]Listed{}
	for _, l := range list {
		switch _, twice := all[l.ID]; {
		case l.ID == "":
			return nil, errors.New("it printed an instance without id: print the {{instance}} that the start command was given")
		case twice:
			return nil, fmt.Errorf("it printed %s twice", l.ID)
		}
		if l.Addr != "" {
			if _, _, err := net.SplitHostPort(l.Addr); err != nil {
				return nil, fmt.Errorf("the address %q of %s is not host:port", l.Addr, l.ID)
			}
		}
		all[l.ID] = l
	}
	return all, nil
}

// listing is what one list command printed last.
type listing struct {
	mu   sync.Mutex
	at   time.Time
	all  map[string]Listed
	done bool
}

// what says which command an entry is listed by: versions may have others.
func (e entry) listKey() string {
	return strings.Join(append([]string{e.app, e.Version, e.Digest, string(e.Side), e.Component}, e.Artefact.Orders.List...), "\x00")
}

// entry is one of the roll, with its app.
type entry struct {
	roll.Entry
	app string
}

func (e entry) name() string {
	if e.Name != "" {
		return e.Name
	}
	return e.ID
}

// list runs an entry's list command, unless it was run less than fresh ago.
func (p *Platform) list(ctx context.Context, e entry, fresh time.Duration) (map[string]Listed, error) {
	p.mu.Lock()
	l := p.listed[e.listKey()]
	if l == nil {
		l = &listing{}
		p.listed[e.listKey()] = l
	}
	p.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if age := p.opt.Now().Sub(l.at); l.done && age >= 0 && age < fresh {
		return l.all, nil
	}
	all, err := p.listNow(ctx, e)
	if err != nil {
		return nil, fmt.Errorf("list: %w", err)
	}
	l.all, l.at, l.done = all, p.opt.Now(), true
	return all, nil
}

func (p *Platform) listNow(ctx context.Context, e entry) (map[string]Listed, error) {
	of := e.Entry
	of.ID, of.Name, of.Port = "", "", 0 // it is about all of them
	c, err := p.prepare(e.app, of, e.Artefact.Orders.List)
	if err != nil {
		return nil, err
	}
	out, err := c.run(ctx, listWithin)
	if err != nil {
		return nil, err
	}
	all, err := parseList(out)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.args[0], err)
	}
	return all, nil
}

// forgetLists has the next look run the list commands again.
func (p *Platform) forgetLists() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.listed)
}

// life is what is known of whether an instance runs.
type life struct {
	alive  bool
	addr   string
	detail string
}

// startsWithin is how long an instance is taken to run after its start if only
// its address can say so.
const startsWithin = time.Minute

// lifeOf says whether an instance runs: by the list command or, without one,
// by whether its address takes connections.
func (p *Platform) lifeOf(ctx context.Context, e entry, fresh time.Duration) (life, error) {
	if len(e.Artefact.Orders.List) == 0 {
		return p.lifeByAddress(ctx, e), nil
	}
	all, err := p.list(ctx, e, fresh)
	if err != nil {
		return life{}, err
	}
	l, there := all[e.name()]
	addr := e.Addr
	if l.Addr != "" {
		addr = l.Addr
	}
	switch {
	case !there && e.Note != "":
		return life{addr: addr, detail: e.Note}, nil
	case !there:
		return life{addr: addr, detail: "the list command does not name it"}, nil
	case l.Side != "" && l.Side != e.Side, l.Version != "" && l.Version != e.Version:
		return life{}, fmt.Errorf("the list command says that %s is %s on %q, but it was started as %s on %s", e.name(), l.Version, l.Side, e.Version, e.Side)
	}
	detail := printable(l.Detail)
	if !l.alive() && detail == "" {
		detail = "the list command says that it does not run"
	}
	return life{alive: l.alive(), addr: addr, detail: detail}, nil
}

func (p *Platform) lifeByAddress(ctx context.Context, e entry) life {
	err := answers(ctx, e.Addr)
	young := e.Launched && p.opt.Now().Sub(e.Since) < startsWithin
	if err == nil || young {
		return life{alive: true, addr: e.Addr}
	}
	detail := e.Note
	if detail == "" {
		detail = fmt.Sprintf("%s does not answer, and there is no list command to say whether it runs", e.Addr)
	}
	return life{addr: e.Addr, detail: detail}
}

// answers connects to an address, trying again within two seconds.
func answers(ctx context.Context, addr string) error {
	var d net.Dialer
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	return conn.Close()
}
