package operation

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
)

// TrustedDocuments maps the hashes of the documents that an operator trusts to their texts.
type TrustedDocuments map[string]string

// ReadTrustedDocuments reads the trusted documents of a path, and adds the documents of the dashboard. A file contains
// a JSON object of hashes and texts. In a folder, each file *.graphql at any depth is a document, byte for byte. A
// wrong hash is an error, and so is a path without documents. An empty path returns nil.
func ReadTrustedDocuments(path string, dashboard TrustedDocuments) (TrustedDocuments, error) {
	if path == "" {
		return nil, nil
	}
	documents := TrustedDocuments{}
	info, err := os.Stat(path)
	switch {
	case err != nil:
	case info.IsDir():
		err = documents.readFolder(path)
	default:
		err = documents.readFile(path)
	}
	if err == nil && len(documents) == 0 {
		err = errors.New("there is no document")
	}
	if err != nil {
		return nil, fmt.Errorf("trusted documents of %s: %w", path, err)
	}
	maps.Copy(documents, dashboard)
	return documents, nil
}

func (d TrustedDocuments) readFile(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &d); err != nil {
		return fmt.Errorf("the file must be a JSON object of hash and text: %w", err)
	}
	for hash, text := range d {
		if Hash(text) != hash {
			return fmt.Errorf("%.70q is not the SHA-256 of its text, which is %s", hash, Hash(text))
		}
	}
	return nil
}

func (d TrustedDocuments) readFolder(path string) error {
	return filepath.WalkDir(path, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".graphql" {
			return err
		}
		text, err := os.ReadFile(path)
		d[Hash(string(text))] = string(text)
		return err
	})
}
