package sample

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

const addressesShown = 20

// addAddress keeps a new address. Its id is that of the request, so that who
// has sent one and got no answer can ask what became of it.
func (s *shop) addAddress(w http.ResponseWriter, r *http.Request) {
	line, ok := readLine(w, r)
	if !ok {
		return
	}
	id := requestID(r)
	if id == "" {
		id = rand.Text()
	}
	if err := s.database.add(r.Context(), id, line); err != nil {
		addressTrouble(w, err)
		return
	}
	s.answerAddress(w, r, http.StatusCreated, id)
}

// changeAddress gives an address another line.
func (s *shop) changeAddress(w http.ResponseWriter, r *http.Request) {
	line, ok := readLine(w, r)
	if !ok {
		return
	}
	if err := s.database.change(r.Context(), r.PathValue("id"), line); err != nil {
		addressTrouble(w, err)
		return
	}
	s.answerAddress(w, r, http.StatusOK, r.PathValue("id"))
}

func (s *shop) address(w http.ResponseWriter, r *http.Request) {
	s.answerAddress(w, r, http.StatusOK, r.PathValue("id"))
}

func (s *shop) latestAddresses(w http.ResponseWriter, r *http.Request) {
	latest, err := s.database.latest(r.Context(), addressesShown)
	if err != nil {
		addressTrouble(w, err)
		return
	}
	count, err := s.database.count(r.Context())
	if err != nil {
		addressTrouble(w, err)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"version": s.version, "count": count, "latest": latest})
}

// answerAddress sends an address as this version reads it back.
func (s *shop) answerAddress(w http.ResponseWriter, r *http.Request, status int, id string) {
	a, err := s.database.find(r.Context(), id)
	if err != nil {
		addressTrouble(w, err)
		return
	}
	writeJSON(w, status, a)
}

// readLine reads the line of an address from a request, or answers what is
// wrong with it.
func readLine(w http.ResponseWriter, r *http.Request) (string, bool) {
	var sent struct {
		Line string `json:"line"`
	}
	body := http.MaxBytesReader(w, r.Body, longestOrder)
	if err := json.NewDecoder(body).Decode(&sent); err != nil {
		http.Error(w, `send {"line":"Low Road 7a"}: `+err.Error(), http.StatusBadRequest)
		return "", false
	}
	line := tidy(sent.Line)
	if line == "" {
		http.Error(w, fmt.Sprintf("send a line of 1 to %d bytes", longestLine), http.StatusUnprocessableEntity)
		return "", false
	}
	return line, true
}

func addressTrouble(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	switch {
	case errors.Is(err, errUnknown):
		status = http.StatusNotFound
	case errors.Is(err, errTaken):
		status = http.StatusConflict
	}
	http.Error(w, "keeping addresses: "+err.Error(), status)
}
