package cli

import (
	"bytes"
	"fmt"
	"maps"
	"strings"
	"text/template"

	"cutover/internal/traffic"

	"github.com/spf13/cobra"
)

// starter is the first file: as little as possible, with room to grow.
var starter = template.Must(template.New("cutover.yaml").Parse(`# What stands: the app. ` + "`cutover plan`" + ` prints every setting and its default.
apiVersion: cutover/v1
kind: App
metadata: {name: {{.App}}}
spec:
  components:
    web:
      # {{"{{port}}"}} is a free port for each instance, {{"{{version}}"}} the version to run.
      command: {{.Command}}
      replicas: {{.Replicas}}
      health: {path: {{.Health}}}
  traffic: {{.Front.Traffic}}
---
# What changes: one release. Copy it for the next one and change the versions.
apiVersion: cutover/v1
kind: Release
metadata: {name: {{.App}}-{{.Version}}, app: {{.App}}}
spec:
  to: {{.Version}}
  strategy: {type: canary, steps: {{.Front.Steps}}, hold: {atLeast: 30s, atLeastRequests: 50}}{{.Front.Guard}}
  checks:
    smoke: [{http: {{.Health}}}]
`))

type starterFlags struct {
	App, Command, Listen, Health, Version string
	Replicas                              int
	// Driver names the front, and Front is what follows from it.
	Driver string
	Front  starterFront
}

func newInitCommand(s *session) *cobra.Command {
	var f starterFlags
	var of profile
	var force bool
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a first " + fallback,
		Example: `  cutover init --app shop --command "./shop-{{version}} --port {{port}}" --listen 127.0.0.1:8080
  cutover init --front nginx --app shop --listen 127.0.0.1:80
  cutover init --profile superset --from 4.0.2 --to 4.1.2`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if of.name != "" {
				if cmd.Flags().Changed("front") {
					return usage("a profile has a front of its own: leave --front out, and edit its app.yaml")
				}
				of.force = force
				return s.initProfile(of)
			}
			if cmd.Flags().Changed("from") || cmd.Flags().Changed("to") {
				return usage("--from and --to are for a profile: add --profile superset, or leave them out")
			}
			return s.initStarter(f, force)
		},
	}
	cmd.Flags().StringVar(&f.App, "app", "app", "the app's name")
	cmd.Flags().StringVar(&f.Command, "command", "./app --port {{port}}", "the command of one instance; {{port}} and {{version}} are filled in")
	cmd.Flags().StringVar(&f.Listen, "listen", "127.0.0.1:8080", "where users reach the app")
	cmd.Flags().StringVar(&f.Health, "health", "/", "a path that answers 2xx when an instance is ready")
	cmd.Flags().StringVar(&f.Version, "version", "v1", "the first version")
	cmd.Flags().IntVar(&f.Replicas, "replicas", 2, "how many instances")
	cmd.Flags().StringVar(&f.Driver, "front", traffic.Embedded, "what serves the users, with what its configuration needs: "+frontNames)
	cmd.Flags().StringVar(&of.name, "profile", "", "write the files of a known app instead: superset")
	cmd.Flags().StringVar(&of.from, "from", exampleFrom, "with --profile: the version that serves")
	cmd.Flags().StringVar(&of.to, "to", exampleTo, "with --profile: the version to bring in")
	cmd.Flags().BoolVar(&force, "force", false, "replace a file that is there")
	return cmd
}

// initStarter writes the first file, and what its front needs beside it: all or
// none.
func (s *session) initStarter(f starterFlags, force bool) error {
	var err error
	if f.Front, err = f.frontOf(); err != nil {
		return err
	}
	f.Command = fmt.Sprintf("%q", f.Command)
	var b bytes.Buffer
	if err := starter.Execute(&b, f); err != nil {
		return fmt.Errorf("write the first file: %w", err)
	}
	bundle, err := loader().Parse(fallback, b.Bytes(), ".")
	if err != nil {
		return &exitError{ExitUsage, err}
	}
	files := maps.Clone(f.Front.Beside)
	if files == nil {
		files = map[string]string{}
	}
	files[fallback] = b.String()
	names, err := profile{force: force}.write(files)
	if err != nil {
		return err
	}
	if s.json {
		out := map[string]any{"written": fallback, "release": bundle.Releases[0].Metadata.Name}
		if len(names) > 1 {
			out["files"] = names
		}
		s.print(out)
		return nil
	}
	next := ""
	if f.Front.Next != "" {
		next = f.Front.Next + "; then "
	}
	fmt.Fprintf(s.out, "wrote %s; next: %s`cutover plan` shows what would happen, `cutover deploy` does it\n", strings.Join(names, ", "), next)
	return nil
}
