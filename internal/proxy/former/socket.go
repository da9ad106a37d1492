package former

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"cutover/internal/proxy/route"
	"cutover/internal/release"
)

// prefix begins the name of every former proxy's socket, in the folder of the
// state. The process id follows in hex: no longer than the admin socket's name.
const prefix = "old."

// Path is where the process with that id listens.
func Path(dir string, pid int) string {
	return filepath.Join(dir, prefix+strconv.FormatInt(int64(pid), 16))
}

// Paths returns the sockets of all former proxies, also of dead ones.
func Paths(dir string) ([]string, error) { return filepath.Glob(filepath.Join(dir, prefix+"*")) }

// patience bounds one question. A proxy settles a change for up to 7 s.
const patience = 9 * time.Second

// brief bounds a question that needs no waiting.
const brief = 2 * time.Second

// Handler serves p.
func Handler(p Plane) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/account", func(w http.ResponseWriter, r *http.Request) {
		after, err := strconv.ParseUint(r.URL.Query().Get("after"), 10, 64)
		if err != nil {
			http.Error(w, "after: want a number", http.StatusBadRequest)
			return
		}
		answer(w, p.Account(after))
	})
	mux.HandleFunc("PUT /v1/table", func(w http.ResponseWriter, r *http.Request) {
		// A newer proxy may say more than this one knows: that is ignored.
		var table route.Table
		if err := json.NewDecoder(r.Body).Decode(&table); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		unsettled, err := p.Follow(r.Context(), table)
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		answer(w, number{unsettled})
	})
	mux.HandleFunc("POST /v1/streams/close", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		side := release.Side(q.Get("side"))
		if q.Get("app") == "" || !side.Valid() {
			http.Error(w, "want app=NAME and side=blue or green", http.StatusBadRequest)
			return
		}
		answer(w, number{int64(p.CloseStreams(q.Get("app"), side, q["only"]))})
	})
	mux.HandleFunc("POST /v1/farewell", func(w http.ResponseWriter, r *http.Request) {
		answer(w, number{})
		p.Farewell()
	})
	return mux
}

type number struct {
	N int64 `json:"n"`
}

func answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body) // a successor that hung up asks again
}

// Client speaks to one former proxy.
type Client struct {
	path string
	http *http.Client
}

// NewClient returns a client for the socket at path. It does not connect.
func NewClient(path string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}
	return &Client{path, &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}, Timeout: patience}}
}

// ErrGone means that the process has ended: the kernel refuses connections in
// its name. One that merely hangs is never taken for gone.
var ErrGone = errors.New("the former proxy is gone")

// Account asks what was done; see Plane.
func (c *Client) Account(ctx context.Context, after uint64) (Account, error) {
	ctx, cancel := context.WithTimeout(ctx, brief)
	defer cancel()
	var a Account
	err := c.call(ctx, http.MethodGet, "/v1/account?after="+strconv.FormatUint(after, 10), nil, &a)
	return a, err
}

// Follow has its requests take the table; see Plane.
func (c *Client) Follow(ctx context.Context, table route.Table) (int64, error) {
	body, err := json.Marshal(table)
	if err != nil {
		return 0, err
	}
	var unsettled number
	err = c.call(ctx, http.MethodPut, "/v1/table", body, &unsettled)
	return unsettled.N, err
}

// CloseStreams begins to close the streams of a side; see Plane.
func (c *Client) CloseStreams(ctx context.Context, app string, side release.Side, only []string) (int, error) {
	var n number
	q := url.Values{"app": {app}, "side": {string(side)}, "only": only}
	err := c.call(ctx, http.MethodPost, "/v1/streams/close?"+q.Encode(), nil, &n)
	return int(n.N), err
}

// Farewell lets it end.
func (c *Client) Farewell(ctx context.Context) error {
	return c.call(ctx, http.MethodPost, "/v1/farewell", nil, &number{})
}

func (c *Client) call(ctx context.Context, method, path string, body []byte, out any) error {
	r, err := http.NewRequestWithContext(ctx, method, "http://former"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	res, err := c.http.Do(r)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("ask %s: %w", c.path, ErrGone)
	case err != nil:
		return fmt.Errorf("ask the former proxy at %s: %w", c.path, err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(res.Body, 1<<10))
		return fmt.Errorf("the former proxy at %s answered %s: %s", c.path, res.Status, bytes.TrimSpace(text))
	}
	if err := json.NewDecoder(res.Body).Decode(out); err != nil {
		return fmt.Errorf("understand the former proxy at %s: %w", c.path, err)
	}
	return nil
}
