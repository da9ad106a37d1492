package sample

import (
	"encoding/json"
	"net/http"
)

// writeJSON sends v. A client that is gone by then is none of its business.
func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
