package cli

import (
	"cutover/internal/api"

	"github.com/spf13/cobra"
)

func newAdoptCommand(s *session) *cobra.Command {
	var files fileFlags
	var ask api.Adoption
	cmd := &cobra.Command{
		Use:   "adopt",
		Short: "Take in an app that runs already, without touching it",
		Long: "Records what runs as the version that serves, and has the front of the app file lead to it: then the\n" +
			"first release is without downtime. The app itself is neither stopped, started nor changed; users go\n" +
			"on as before until you lead them to the address in spec.traffic. Repeating it is harmless.\n\n" +
			"An adopted process is stopped when a release that follows it is retired. It is started again only\n" +
			"with --restartable, by the command of the app file.",
		Example: "  cutover adopt -f app.yaml --version v1 --pid 4711\n" +
			"  cutover adopt -f app.yaml --version v1 --unit shop.service --address 127.0.0.1:8000\n" +
			"  cutover adopt -f app.yaml --version v1 --address 10.0.0.5:8080 --address 10.0.0.6:8080",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			if _, err := files.load(ctx); err != nil {
				return err
			}
			where, err := files.absolute()
			if err != nil {
				return err
			}
			if err := checkAdoption(ask); err != nil {
				return err
			}
			ask.Paths = where.Paths
			c, err := s.connect(ctx)
			if err != nil {
				return err
			}
			d, err := c.Adopt(ctx, ask)
			if err != nil {
				return reached(err)
			}
			if d.Resumed {
				if stands, err := s.standsAlready(ctx, c, d.Release); stands || err != nil {
					return err
				}
			}
			return s.follow(ctx, c, d.Release, d.After, "")
		},
	}
	f := cmd.Flags()
	f.StringArrayVarP(&files.paths, "file", "f", nil, "file or folder with the App (default "+fallback+"); may be repeated")
	must(cmd.MarkFlagFilename("file", "yaml", "yml"))
	f.StringVar(&ask.App, "app", "", "which app, if the files have several")
	f.StringVar(&ask.Version, "version", "", "what the version that runs is called")
	f.StringVar(&ask.Name, "name", "", "the name of the release that goes on record (made up if left out)")
	f.IntSliceVar(&ask.Pids, "pid", nil, "a process of this machine; one for each instance")
	f.StringVar(&ask.Unit, "unit", "", "a unit of systemd")
	f.StringVar(&ask.Container, "container", "", "a container of docker")
	f.StringArrayVar(&ask.Addresses, "address", nil, "host:port where it takes requests; one for each instance")
	f.BoolVar(&ask.Restartable, "restartable", false, "the command of the app file starts this version too, if a process ends")
	return cmd
}

// checkAdoption says what is missing, or too much, on the command line.
func checkAdoption(a api.Adoption) error {
	ways := 0
	for _, named := range []bool{len(a.Pids) > 0, a.Unit != "", a.Container != ""} {
		if named {
			ways++
		}
	}
	switch {
	case a.Version == "":
		return usage("say with --version what the version that runs is called")
	case ways > 1:
		return usage("--pid, --unit and --container say two things at once: keep one")
	case ways == 0 && len(a.Addresses) == 0:
		return usage("say what to adopt: --pid, --unit, --container, or --address alone")
	case (a.Unit != "" || a.Container != "") && len(a.Addresses) != 1:
		return usage("say with one --address host:port where %s%s takes requests", a.Unit, a.Container)
	case len(a.Pids) > 0 && len(a.Addresses) > 0 && len(a.Addresses) != len(a.Pids):
		return usage("there are %d --pid and %d --address: each process has one address, in the same order", len(a.Pids), len(a.Addresses))
	case a.Restartable && len(a.Pids) == 0:
		return usage("--restartable goes with --pid: units and containers are started by their own commands, and addresses by nobody")
	}
	return nil
}
