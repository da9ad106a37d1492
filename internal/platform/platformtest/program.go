package platformtest

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

// ProgramName is the first argument with which a test binary runs Program.
const ProgramName = "platformtest-program"

// lifetime ends a program that a test, killed itself, could not clean up.
const lifetime = 3 * time.Minute

// Program is the app the suite runs: a web server on PORT of LISTEN_HOST, which
// is 127.0.0.1 if it is not set, that does as its arguments and later requests say. It returns the exit code.
//
//	-unready        not ready until POST /ready
//	-say TEXT       writes a line to standard error first
//	-exit CODE      ends at once
//	-ignore-term    does not end on SIGTERM
//	-children N     starts N processes that ignore SIGTERM
//	-mark TEXT      means nothing; it makes a test's processes recognisable
//
// GET /health is the probe, GET /whoami tells pid, arguments, environment and
// children, GET /file?path=PATH what is in a file, POST /ready and /unready change the answer of the probe, after
// POST /hang there is none, and POST /exit?code=N ends the program.
func Program(args []string) int {
	var p program
	flags := flag.NewFlagSet(ProgramName, flag.ContinueOnError)
	unready := flags.Bool("unready", false, "")
	say := flags.String("say", "", "")
	exit := flags.Int("exit", -1, "")
	ignore := flags.Bool("ignore-term", false, "")
	children := flags.Int("children", 0, "")
	mark := flags.String("mark", "", "")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	time.AfterFunc(lifetime, func() { os.Exit(99) })
	if *say != "" {
		fmt.Fprintln(os.Stderr, *say)
	}
	if *exit >= 0 {
		return *exit
	}
	p.ready.Store(!*unready)
	if err := p.bear(*children, *mark); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return p.serve(*ignore)
}

type program struct {
	ready    atomic.Bool
	hangs    atomic.Bool
	children []int
}

// bear starts children that do nothing but live.
func (p *program) bear(count int, mark string) error {
	for range count {
		child := exec.Command("/proc/self/exe", ProgramName, "-ignore-term", "-mark", mark)
		// Without a port the child waits instead of serving.
		child.Env = append(os.Environ(), "PORT=")
		if err := child.Start(); err != nil {
			return fmt.Errorf("start a child: %w", err)
		}
		p.children = append(p.children, child.Process.Pid)
	}
	return nil
}

func (p *program) serve(ignoreTerm bool) int {
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	failed := make(chan error, 1)
	server := &http.Server{Handler: p.routes(), ReadHeaderTimeout: time.Minute}
	if port := os.Getenv("PORT"); port != "" {
		listener, err := net.Listen("tcp", net.JoinHostPort(cmp.Or(os.Getenv("LISTEN_HOST"), "127.0.0.1"), port))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		go func() { failed <- server.Serve(listener) }()
	}
	for {
		select {
		case err := <-failed:
			fmt.Fprintln(os.Stderr, err)
			return 1
		case <-term:
			fmt.Fprintln(os.Stderr, "got TERM")
			if ignoreTerm {
				continue
			}
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			if err := server.Shutdown(ctx); err != nil {
				return 1
			}
			return 0
		}
	}
}

func (p *program) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, r *http.Request) {
		if p.hangs.Load() {
			<-r.Context().Done()
			return
		}
		if !p.ready.Load() {
			http.Error(w, "not yet", http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("POST /hang", func(http.ResponseWriter, *http.Request) { p.hangs.Store(true) })
	mux.HandleFunc("POST /ready", func(http.ResponseWriter, *http.Request) { p.ready.Store(true) })
	mux.HandleFunc("POST /unready", func(http.ResponseWriter, *http.Request) { p.ready.Store(false) })
	mux.HandleFunc("GET /whoami", func(w http.ResponseWriter, _ *http.Request) {
		dir, _ := os.Getwd()
		_ = json.NewEncoder(w).Encode(Self{Pid: os.Getpid(), Args: os.Args, Env: os.Environ(), Dir: dir, Children: p.children})
	})
	mux.HandleFunc("GET /file", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, r.FormValue("path"))
	})
	mux.HandleFunc("POST /exit", func(_ http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(r.FormValue("code"))
		fmt.Fprintf(os.Stderr, "told to end with %d\n", code)
		os.Exit(code)
	})
	return mux
}
