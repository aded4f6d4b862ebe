//go:build !linux

package harness

// memoryFolder returns "": the folder for temporary files is used.
func memoryFolder() string { return "" }
