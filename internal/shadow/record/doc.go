// Package record keeps requests in a file, without their secrets, and plays
// them again to rehearse a version before it meets users.
package record
