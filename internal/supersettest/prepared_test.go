//go:build superset

package superset_test

import (
	"os"
	"path/filepath"
	"strings"
)

// prepare gives the database the tables and roles of the older version. That
// takes minutes, so a dump of it is kept beside the environments.
func (h *house) prepare() {
	h.t.Helper()
	dump := filepath.Join(h.cache, "prepared-"+h.hop.from+".dump")
	plain := strings.Replace(h.database, "postgresql:", "postgres:", 1)
	if _, err := os.Stat(dump); err == nil {
		h.sh(nil, "pg_restore", "--no-owner", "--dbname="+plain, dump)
		return
	}
	env := []string{"FLASK_APP=superset.app:create_app()", "SUPERSET_HOME=" + h.folder, "SUPERSET_CONFIG_PATH=" + h.folder + "/superset_config.py",
		"SUPERSET_SECRET_KEY=" + secretKey, "SUPERSET_DATABASE_URI=" + h.database, "SUPERSET_REDIS_HOST=" + h.redisHost, "SUPERSET_REDIS_PORT=" + h.redisPort}
	program := filepath.Join(h.cache, h.hop.from, "bin", "superset")
	h.sh(env, program, "db", "upgrade")
	h.sh(env, program, "fab", "create-admin", "--username", "admin", "--password", "admin", "--firstname", "A", "--lastname", "D", "--email", "admin@example.org")
	h.sh(env, program, "init")
	h.sh(nil, "pg_dump", "-Fc", "--no-owner", "--file="+dump, plain)
}
