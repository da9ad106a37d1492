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
	App   string
	Share release.Weight
	Mask  record.Mask
}

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
	from, stop := h.plane.Requests(Recording{q.Get("app"), release.Weight(share), record.Mask{Headers: q["header"], Query: q["query"]}})
	defer stop()
	control := http.NewResponseController(w)
	w.Header().Set("Content-Type", "application/jsonl")
	lines := json.NewEncoder(w)
	alive := time.NewTicker(listenWithin / 2)
	defer alive.Stop()
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
		case <-alive.C:
			_, err = io.WriteString(w, "\n") // keeps the deadline of both ends away
		}
		if err != nil {
			return
		}
	}
}

// Requests calls take with the app's requests as they come in, their secrets
// masked by the proxy, until ctx ends, take fails or the proxy goes away.
func (c *Client) Requests(ctx context.Context, of Recording, take func(record.Request) error) error {
	q := url.Values{"app": {of.App}, "share": {strconv.Itoa(int(of.Share))}, "header": of.Mask.Headers, "query": of.Mask.Query}
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
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 256<<10)
	for lines.Scan() {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var kept record.Request
		if err := json.Unmarshal(lines.Bytes(), &kept); err != nil {
			return fmt.Errorf("understand the proxy's request: %w", err)
		}
		if err := take(kept); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read the proxy's requests: %w", err)
	}
	return errors.New("read the proxy's requests: the proxy ended")
}
