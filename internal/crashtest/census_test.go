package crashtest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// resident is a process of the stage.
type resident struct {
	pid int
	// what says which program it is; instances are named by version and side.
	what string
	// instance is the id of an instance, else "".
	instance string
}

// census lists the processes that carry the stage's mark, or descend from one
// that does: the environment is inherited.
func (s *stage) census() []resident {
	s.t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil || len(files) == 0 {
		s.t.Fatalf("list the processes: %d found, %v", len(files), err)
	}
	var list []resident
	for _, file := range files {
		// A process that ends meanwhile, or is another user's, is none of ours.
		env, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(env, []byte(markVariable+"="+s.mark+"\x00")) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			s.t.Fatal(err)
		}
		list = append(list, resident{pid, program(pid, env), variable(env, "CUTOVER_INSTANCE")})
	}
	return list
}

func program(pid int, env []byte) string {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return err.Error()
	}
	words := strings.Split(string(line), "\x00")
	switch {
	case len(words) > 2 && words[1] == "demo":
		return "shop " + variable(env, "CUTOVER_VERSION") + " (" + variable(env, "CUTOVER_SIDE") + ")"
	case len(words) > 1:
		return words[1]
	}
	return string(line)
}

func variable(env []byte, name string) string {
	for entry := range strings.SplitSeq(string(env), "\x00") {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

// count says how many processes there are of each sort.
func count(list []resident) map[string]int {
	n := map[string]int{}
	for _, p := range list {
		n[p.what]++
	}
	return n
}

// instances returns the ids of the instances among them, sorted.
func instances(list []resident) []string {
	var ids []string
	for _, p := range list {
		if p.instance != "" {
			ids = append(ids, p.instance)
		}
	}
	slices.Sort(ids)
	return ids
}
