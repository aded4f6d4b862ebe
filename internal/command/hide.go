package command

import (
	"regexp"
	"runtime"
	"strings"
	"unsafe"
)

// secret is where an argument has the password of a database: between the user and the last @ of a URL, and in a parameter.
// It rather takes too much.
var secret = regexp.MustCompile(`://[^:]*:(.*)@|password=([^&\s]*)`)

// Arguments are those of the process. Where the system shows them to everybody (`ps`), the passwords in them are
// overwritten from now on. There is a moment before: PLACARD_DATABASE_URL, PGPASSWORD and a password file are better places.
func Arguments(args []string) []string {
	kept := make([]string, len(args))
	for i, argument := range args {
		kept[i] = strings.Clone(argument)
		if runtime.GOOS != "linux" {
			continue
		}
		for _, found := range secret.FindAllStringSubmatchIndex(kept[i], -1) {
			for group := 2; group < len(found); group += 2 {
				if found[group] >= 0 {
					hide(argument[found[group]:found[group+1]])
				}
			}
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
