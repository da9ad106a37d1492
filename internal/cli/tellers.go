package cli

import (
	"cutover/internal/flag"
	"cutover/internal/flag/fence"
	"cutover/internal/flag/file"
	"cutover/internal/flag/hook"
)

// tellers joins the ways in which apps are told of their flags.
func tellers(l layout) flag.Set {
	fences := fence.Book{Folder: l.flags()}
	return flag.Set{File: file.Files{Fences: fences}, Hook: hook.Hooks{Fences: fences}}
}
