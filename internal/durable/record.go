package durable

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

// ReadRecord reads a JSON file. A file that does not exist is the zero value
// and false.
func ReadRecord[T any](path string) (T, bool, error) {
	var v T
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return v, false, nil
	}
	if err != nil {
		return v, false, fmt.Errorf("read record: %w", err)
	}
	if err := json.Unmarshal(data, &v); err != nil {
		return v, false, fmt.Errorf("read record %s: %w: restore it, or move it away once you are sure that what it tells of is gone", path, err)
	}
	return v, true, nil
}

// WriteRecord replaces a JSON file as a whole and durably.
func WriteRecord(path string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write record: %w", err)
	}
	return WriteFile(path, append(data, '\n'), 0o600)
}
