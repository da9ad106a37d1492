package process_test

import "context"

func controllerRole(ctx context.Context) error { return nil }
