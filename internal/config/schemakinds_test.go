package config_test

import (
	"bytes"
	"os"
	"testing"

	"cutover/internal/config"
	"cutover/internal/load/file"
)

func TestTheSchemaForEditorsIsWhatTheTypesSay(t *testing.T) {
	const schemaFile = "schema.json"
	want := config.GenerateSchema(t, file.Form())
	if *config.Update {
		if err := os.WriteFile(schemaFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs from the types; write it anew with: go test ./internal/config -run Schema -update", schemaFile)
	}
}
