package cli_test

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"time"
)

// runShaky is an app whose answers take a while, lognormally around a median,
// and of which a share fails. Where the outage file exists, half of the answers
// fail whatever the version. GET /stats says how long its queue is. GET /broken always fails, as a page does whose
// client has bad data.
func runShaky(args []string) int {
	flags := flag.NewFlagSet("shaky", flag.ContinueOnError)
	port := flags.String("port", "", "the port to listen on")
	version := flags.String("version", "", "what it says it is")
	median := flags.Duration("median", 20*time.Millisecond, "what half of the answers take at most")
	fails := flags.Float64("fails", 0, "the share of answers that fail")
	queue := flags.String("queue", "", "the file that says how long its queue is, 3 without")
	outage := flags.String("outage", "", "the file that makes half of the answers fail")
	if flags.Parse(args) != nil {
		return 2
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("/stats", func(w http.ResponseWriter, _ *http.Request) {
		length := []byte("3")
		if text, err := os.ReadFile(*queue); err == nil {
			length = text
		}
		fmt.Fprintf(w, "{\"queue\": %s}\n", length)
	})
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "your data is broken", 500) })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		took := time.Duration(float64(*median) * math.Exp(0.4*rand.NormFloat64()))
		select {
		case <-time.After(took):
		case <-r.Context().Done():
		}
		share := *fails
		if _, err := os.Stat(*outage); err == nil {
			share = 0.5
		}
		w.Header().Set("X-App-Version", *version)
		if rand.Float64() < share {
			w.WriteHeader(500)
		}
		fmt.Fprintln(w, "hello from", *version)
	})
	err := http.ListenAndServe("127.0.0.1:"+*port, mux)
	fmt.Fprintln(os.Stderr, err)
	return 1
}
