// Command cutover upgrades self-hosted applications with zero downtime.
package main

import (
	"os"

	"cutover/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
