package persisted

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Trusted is the texts that an operator trusts, by their hash.
type Trusted map[string]string

// ReadTrusted reads the trusted documents of a path: a file with a JSON object of hash → text, or a folder, whose
// files *.graphql, at any depth, are a document each, byte for byte. A hash that is not that of its text, and a list
// without any document, is an error.
func ReadTrusted(path string) (Trusted, error) {
	trusted := Trusted{}
	info, err := os.Stat(path)
	switch {
	case err != nil:
	case info.IsDir():
		err = trusted.readFolder(path)
	default:
		err = trusted.readFile(path)
	}
	if err == nil && len(trusted) == 0 {
		err = errors.New("there is no document")
	}
	if err != nil {
		return nil, fmt.Errorf("trusted documents of %s: %w", path, err)
	}
	return trusted, nil
}

func (t Trusted) readFile(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &t); err != nil {
		return fmt.Errorf("the file must be a JSON object of hash and text: %w", err)
	}
	for hash, text := range t {
		if Hash(text) != hash {
			return fmt.Errorf("%.70q is not the SHA-256 of its text, which is %s", hash, Hash(text))
		}
	}
	return nil
}

func (t Trusted) readFolder(path string) error {
	return filepath.WalkDir(path, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".graphql" {
			return err
		}
		text, err := os.ReadFile(path)
		t[Hash(string(text))] = string(text)
		return err
	})
}
