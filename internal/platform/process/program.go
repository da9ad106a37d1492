package process

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"cutover/internal/release"
)

// program is what is executed for one instance. Its env holds the values of
// secrets: it must never be stored, logged or put into an error.
type program struct {
	path string
	args []string
	dir  string
	env  []string
}

// program resolves everything the order says for the instance id on port. An
// error means that no instance of this order could be started.
func (p *Platform) program(order release.StartOrder, files, id string, port int) (program, error) {
	fill := placeholders(order, files, port)
	env, err := p.environment(order, fill, id, port)
	if err != nil {
		return program{}, err
	}
	args := make([]string, len(order.Artefact.Command))
	for i, arg := range order.Artefact.Command {
		args[i] = fill.Replace(arg)
		if strings.ContainsRune(args[i], 0) {
			return program{}, fmt.Errorf("argument %d of the command has a NUL byte", i)
		}
	}
	if len(args) == 0 || args[0] == "" {
		return program{}, errors.New("the artefact has no command: say in the app file what to run")
	}
	dir := order.Artefact.Dir
	if err := checkFolder(dir); err != nil {
		return program{}, err
	}
	path, err := findProgram(args[0], dir, lookup(env, "PATH"))
	return program{path: path, args: args, dir: dir, env: env}, err
}

// placeholders replaces what a command may leave open.
func placeholders(order release.StartOrder, files string, port int) *strings.Replacer {
	return strings.NewReplacer(
		"{{port}}", strconv.Itoa(port),
		"{{version}}", order.Version,
		"{{app}}", order.App,
		"{{side}}", string(order.Side),
		"{{files}}", files,
	)
}

func checkFolder(dir string) error {
	if !filepath.IsAbs(dir) {
		return fmt.Errorf("the working directory %q is not an absolute path", dir)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("use the working directory: %w: create it or correct dir in the app file", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("the working directory %s is not a folder: correct dir in the app file", dir)
	}
	return nil
}

// findProgram returns the absolute path of what name means in dir, in the way
// a shell finds it in search.
func findProgram(name, dir, search string) (string, error) {
	if strings.ContainsRune(name, '/') {
		path := inFolder(dir, name)
		err := checkExecutable(path)
		if errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("use the command %s: %w: build it, or correct the command in the app file", name, err)
		}
		if err != nil {
			return "", fmt.Errorf("use the command %s: %w", name, err)
		}
		return path, nil
	}
	var unusable error
	for _, folder := range filepath.SplitList(search) {
		path := filepath.Join(inFolder(dir, folder), name)
		err := checkExecutable(path)
		if err == nil {
			return path, nil
		}
		if !errors.Is(err, fs.ErrNotExist) && unusable == nil {
			unusable = err
		}
	}
	if unusable != nil {
		return "", fmt.Errorf("use the command %s: %w", name, unusable)
	}
	return "", fmt.Errorf("the command %s was not found in PATH (%s): install it, or write its full path in the app file", name, search)
}

func inFolder(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

func checkExecutable(path string) error {
	const execute = 1
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a program but a %s", path, describeMode(info.Mode()))
	}
	if err := syscall.Access(path, execute); err != nil {
		return fmt.Errorf("%s may not be executed: run chmod +x on it, and check that it is readable: %w", path, err)
	}
	return nil
}

func describeMode(m fs.FileMode) string {
	if m.IsDir() {
		return "folder"
	}
	return "special file"
}
