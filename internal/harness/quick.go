//go:build !integration

package harness

// Integration reports whether the tests are built with the tag integration.
const Integration = false
