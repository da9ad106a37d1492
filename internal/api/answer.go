package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"cutover/internal/engine"
)

// maxBody bounds a request's body, in bytes: requests name files, they do not
// carry them.
const maxBody = 1 << 20

func (s *Server) fail(w http.ResponseWriter, err error) {
	f, code := Failure{Error: err.Error(), Kind: "failed"}, http.StatusInternalServerError
	switch {
	case errors.Is(err, engine.ErrRefused):
		f.Kind, code = "refused", http.StatusConflict
	case errors.Is(err, engine.ErrNotLeading):
		code = http.StatusServiceUnavailable
	}
	write(w, code, f)
}

func answer(w http.ResponseWriter, body any) { write(w, http.StatusOK, body) }

func write(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	// A failed write means that the client has gone; there is nobody to tell.
	_ = json.NewEncoder(w).Encode(body)
}

// read decodes the one JSON value a request's body holds, or answers why not.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	dec.DisallowUnknownFields()
	err := dec.Decode(into)
	if err == nil && dec.Decode(&struct{}{}) != io.EOF {
		err = errors.New("there is more than one JSON value")
	}
	var long *http.MaxBytesError
	switch {
	case err == nil:
		return true
	case err == io.EOF:
		err = errors.New("it is empty, and should be a JSON object")
	case errors.As(err, &long):
		err = fmt.Errorf("it has more than %d bytes", long.Limit)
	}
	write(w, http.StatusBadRequest, Failure{Kind: "usage", Error: "read the request: " + err.Error()})
	return false
}
