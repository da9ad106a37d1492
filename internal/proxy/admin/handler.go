package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"cutover/internal/proxy/route"
)

// maxBody bounds the body of an order: room for some thousand instances.
const maxBody = 1 << 20

// fenceHeader carries the generation of the lease an order is given under.
const fenceHeader = "Cutover-Fence"

type handler struct{ plane Plane }

// Handler serves the API for p.
func Handler(p Plane) http.Handler {
	h := handler{p}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/health", func(w http.ResponseWriter, r *http.Request) { reply(w, p.Health(), nil) })
	mux.HandleFunc("GET /v1/table", func(w http.ResponseWriter, r *http.Request) { reply(w, p.Table(), nil) })
	mux.HandleFunc("PUT /v1/services/{app}", h.put)
	mux.HandleFunc("DELETE /v1/services/{app}", h.remove)
	mux.HandleFunc("GET /v1/stats", h.stats)
	mux.HandleFunc("POST /v1/streams/close", h.closeStreams)
	mux.HandleFunc("GET /v1/requests", h.requests)
	return mux
}

func (h handler) put(w http.ResponseWriter, r *http.Request) {
	var body service
	change, err := changeOf(r)
	if err == nil {
		err = decode(w, r, &body)
	}
	if err != nil {
		reply(w, nil, err)
		return
	}
	change.Service = &route.Service{App: change.App, Route: body.Route, SecretHash: body.SecretHash}
	out, err := h.plane.Change(r.Context(), change)
	reply(w, out, err)
}

func (h handler) remove(w http.ResponseWriter, r *http.Request) {
	change, err := changeOf(r)
	if err != nil {
		reply(w, nil, err)
		return
	}
	out, err := h.plane.Change(r.Context(), change)
	reply(w, out, err)
}

func (h handler) stats(w http.ResponseWriter, r *http.Request) {
	app := r.URL.Query().Get("app")
	if app == "" {
		reply(w, nil, fmt.Errorf("%w: which app? Ask for /v1/stats?app=NAME", ErrInvalid))
		return
	}
	stats, err := h.plane.Stats(r.Context(), app)
	reply(w, stats, err)
}

func (h handler) closeStreams(w http.ResponseWriter, r *http.Request) {
	var order CloseStreams
	fence, err := number(r, fenceHeader)
	if err == nil {
		err = decode(w, r, &order)
	}
	if err == nil && (order.App == "" || !order.Side.Valid()) {
		err = fmt.Errorf("%w: app is %q and side %q, want a name and blue or green", ErrInvalid, order.App, order.Side)
	}
	if err != nil {
		reply(w, nil, err)
		return
	}
	order.Fence = fence
	n, err := h.plane.CloseStreams(order)
	reply(w, closing{n}, err)
}

func changeOf(r *http.Request) (Change, error) {
	generation, err := number(r, "If-Match")
	if err != nil {
		return Change{}, err
	}
	fence, err := number(r, fenceHeader)
	return Change{Generation: generation, Fence: fence, App: r.PathValue("app")}, err
}

func number(r *http.Request, header string) (uint64, error) {
	n, err := strconv.ParseUint(strings.Trim(r.Header.Get(header), `"`), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: header %s is %q, want a number", ErrInvalid, header, r.Header.Get(header))
	}
	return n, nil
}

// decode reads one JSON value and refuses what it does not know.
func decode(w http.ResponseWriter, r *http.Request, into any) error {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("%w body: %w", ErrInvalid, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w body: something follows the JSON value", ErrInvalid)
	}
	return nil
}

func reply(w http.ResponseWriter, body any, err error) {
	status := http.StatusOK
	if err != nil {
		status, body = failureOf(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body) // a caller that hung up misses the answer, nobody else does
}
