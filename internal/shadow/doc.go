// Package shadow compares the answers of two versions to the same requests and
// says where they differ by more than the running version differs from
// itself. It is pure: answers come in as values, and DESIGN.md has the method.
package shadow
