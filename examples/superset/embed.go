// Package superset holds the files by which cutover upgrades Apache Superset,
// for `cutover init --profile superset`.
package superset

import "embed"

// Files are those of the profile, as they lie in this folder.
//
//go:embed app.yaml first.yaml release.yaml catalogue.json superset_config.py warm.yaml charts.csv
//go:embed head.py migrate.py worker.py smoke.py beat.sh constraints-*.txt
var Files embed.FS
