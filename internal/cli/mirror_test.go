package cli_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
)

// runMirror is an app that shows how it was configured: GET / answers its
// environment and, if it was given one, its configuration file as JSON, as
// they were when it started.
func runMirror(args []string) int {
	flags := flag.NewFlagSet("mirror", flag.ContinueOnError)
	port := flags.String("port", "", "the port to listen on")
	file := flags.String("config", "", "a configuration file")
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
	err := http.ListenAndServe("127.0.0.1:"+*port, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(seen)
	}))
	fmt.Fprintln(os.Stderr, err)
	return 1
}
