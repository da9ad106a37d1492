package postgres

// Settings say how a server is set up.
type Settings struct {
	// Fsync makes commits durable against a crash of the machine. Without it
	// they still survive a kill of the server.
	Fsync bool
	// Config holds more lines for postgresql.conf, by name.
	Config map[string]string
}

// config returns the lines of postgresql.conf that differ from its defaults.
func (s Settings) config(folder, port string) map[string]string {
	lines := map[string]string{
		"listen_addresses":        "127.0.0.1",
		"port":                    port,
		"unix_socket_directories": folder,
		"max_connections":         "100",
		"shared_buffers":          "64MB",
		"fsync":                   "off",
		"synchronous_commit":      "off",
		"full_page_writes":        "off",
	}
	if s.Fsync {
		lines["fsync"], lines["synchronous_commit"], lines["full_page_writes"] = "on", "on", "on"
	}
	for name, value := range s.Config {
		lines[name] = value
	}
	return lines
}
