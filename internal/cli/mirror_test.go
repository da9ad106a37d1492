package cli_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"
)

// runMirror is an app that shows how it was configured: GET / answers its
// environment and, if it was given one, its configuration file as JSON, as
// they were when it started.
func runMirror(args []string) int {
	flags := flag.NewFlagSet("mirror", flag.ContinueOnError)
	port := flags.String("port", "", "the port to listen on")
	file := flags.String("config", "", "a configuration file")
	slow := flags.Duration("slow", 0, "how long every answer takes")
	if flags.Parse(args) != nil {
		return 2
	}
	seen := map[string]string{}
	for _, v := range os.Environ() {
		name, value, _ := strings.Cut(v, "=")
		seen[name] = value
	}
	if *file != "" {
		text, err := os.ReadFile(*file)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		seen["config"] = strings.TrimSpace(string(text))
	}
	err := http.ListenAndServe("127.0.0.1:"+*port, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(*slow):
		case <-r.Context().Done():
		}
		_ = json.NewEncoder(w).Encode(seen)
	}))
	fmt.Fprintln(os.Stderr, err)
	return 1
}
