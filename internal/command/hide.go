package command

import (
	"regexp"
	"runtime"
	"strings"
	"unsafe"
)

// Arguments are those of the process. Where the system shows them to everybody (`ps`), the passwords in them are
// overwritten from now on. There is a moment before: PLACARD_DATABASE_URL, PGPASSWORD and a password file are better places.
func Arguments(args []string) []string {
	kept := make([]string, len(args))
	for i, argument := range args {
		kept[i] = strings.Clone(argument)
		if runtime.GOOS != "linux" {
			continue
		}
		for _, found := range secrets(kept[i]) {
			hide(argument[found[0]:found[1]])
		}
	}
	return kept
}

// hide overwrites a part of an argument in the memory that the system shows. The strings of os.Args are that memory, the
// only strings that may be written to; nobody reads them any more, because Arguments gives out copies.
func hide(argument string) {
	memory := unsafe.Slice(unsafe.StringData(argument), len(argument))
	for i := range memory {
		memory[i] = '*'
	}
}

var (
	// inURL is a password between a user and the last @, and asParameter one as a parameter of a URL or as a word of a
	// connection string. Both rather take too much.
	inURL       = regexp.MustCompile(`://[^:/@?#]*:(.*)@`)
	asParameter = regexp.MustCompile(`(?i)(?:password|passwd|passphrase)\s*=\s*('(?:[^'\\]|\\.)*'?|[^&\s]*)`)
)

// secrets are where passwords stand in an argument: the first byte of each and the one behind it.
func secrets(argument string) [][2]int {
	var found [][2]int
	for _, form := range []*regexp.Regexp{inURL, asParameter} {
		for _, match := range form.FindAllStringSubmatchIndex(argument, -1) {
			found = append(found, [2]int{match[2], match[3]})
		}
	}
	return found
}
