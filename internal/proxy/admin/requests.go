package admin

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"cutover/internal/release"
	"cutover/internal/shadow/record"
)

// Recording asks for requests as they come in.
type Recording struct {
	App    string
	Share  release.Weight
	Wanted record.Wanted
	// Left counts what is left out, nil for nobody who asks. On this side of the
	// socket it is told by LeftOut, within half a second.
	Left    *record.Left
	LeftOut func(record.LeftOut)
}

// line is what goes over the socket: a request, or how many were left out.
type line struct {
	record.Request
	Left *record.LeftOut `json:"left,omitempty"`
}

// bodiesHeader tells a client that the proxy records by method and with bodies;
// one from before does not set it.
const bodiesHeader = "Cutover-Records-Bodies"

// countEvery is how soon what was left out is told.
const countEvery = 250 * time.Millisecond

// listenWithin bounds how long a reader may take for a line.
const listenWithin = 10 * time.Second

// requests streams an app's requests, a line of JSON each, until the reader
// goes away.
func (h handler) requests(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	share, err := strconv.Atoi(q.Get("share"))
	if q.Get("app") == "" || err != nil || share < 1 || share > int(release.All) {
		reply(w, nil, fmt.Errorf("%w: want app=NAME and share=1 to %d", ErrInvalid, release.All))
		return
	}
	of := Recording{App: q.Get("app"), Share: release.Weight(share), Wanted: wantedIn(q)}
	if q.Get("left") != "" {
		of.Left = &record.Left{}
	}
	from, stop := h.plane.Requests(of)
	defer stop()
	control := http.NewResponseController(w)
	w.Header().Set("Content-Type", "application/jsonl")
	w.Header().Set(bodiesHeader, "1")
	lines := json.NewEncoder(w)
	alive := time.NewTicker(listenWithin / 2)
	defer alive.Stop()
	count, told := time.NewTicker(countEvery), record.LeftOut{}
	defer count.Stop()
	for {
		err := errors.Join(control.SetWriteDeadline(time.Now().Add(listenWithin)), control.Flush())
		if err != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case kept := <-from:
			err = lines.Encode(kept)
		case <-count.C:
			if of.Left == nil || of.Left.Counts() == told {
				continue
			}
			told = of.Left.Counts()
			err = lines.Encode(map[string]any{"left": told})
		case <-alive.C:
			_, err = io.WriteString(w, "\n") // keeps the deadline of both ends away
		}
		if err != nil {
			return
		}
	}
}

// wantedIn reads from a query what queryOf wrote.
func wantedIn(q url.Values) record.Wanted {
	body, _ := strconv.Atoi(q.Get("body")) // what is no number asks for none
	return record.Wanted{Methods: q["method"], Body: min(max(body, 0), record.MaxBody),
		Mask: record.Mask{Headers: q["header"], Query: q["query"], Fields: q["field"]}}
}

func queryOf(of Recording) url.Values {
	q := url.Values{"app": {of.App}, "share": {strconv.Itoa(int(of.Share))}, "method": of.Wanted.Methods, "body": {strconv.Itoa(of.Wanted.Body)},
		"header": of.Wanted.Mask.Headers, "query": of.Wanted.Mask.Query, "field": of.Wanted.Mask.Fields}
	if of.LeftOut != nil {
		q.Set("left", "1")
	}
	return q
}

// Requests calls take with the app's requests as they come in, their secrets
// masked by the proxy, until ctx ends, take fails or the proxy goes away.
func (c *Client) Requests(ctx context.Context, of Recording, take func(record.Request) error) error {
	q := queryOf(of)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://proxy/v1/requests?"+q.Encode(), nil)
	if err != nil {
		return fmt.Errorf("ask the proxy for requests: %w", err)
	}
	res, err := (&http.Client{Transport: c.http.Transport}).Do(r) // no bound on the whole: ctx has it
	if err != nil {
		return fmt.Errorf("ask the proxy at %s for requests: %w", c.socket, err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		var nothing any
		return read(res, &nothing)
	}
	if of.Wanted.Body > 0 && res.Header.Get(bodiesHeader) == "" {
		return errors.New("ask the proxy for requests: it is from before bodies could be recorded; leave --methods out, or restart the proxy")
	}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 256<<10)
	for lines.Scan() {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var told line
		if err := json.Unmarshal(lines.Bytes(), &told); err != nil {
			return fmt.Errorf("understand the proxy's request: %w", err)
		}
		if told.Left != nil {
			if of.LeftOut != nil {
				of.LeftOut(*told.Left)
			}
			continue
		}
		if err := take(told.Request); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read the proxy's requests: %w", err)
	}
	return errors.New("read the proxy's requests: the proxy ended")
}
