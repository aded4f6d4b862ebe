// Logs values by the client that genqlient has made, and reads them back: go run . URL.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/Khan/genqlient/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

func main() {
	if err := run(context.Background(), graphql.NewClient(os.Args[1], http.DefaultClient)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("genqlient reads what it has logged")
}

func run(ctx context.Context, client graphql.Client) error {
	created, err := CreateVersion(ctx, client, "genqlient")
	if err != nil {
		return err
	}
	id := created.CreateArtifactVersion.ArtifactVersion.Id
	rows, trained := "9007199254740993", time.Date(2026, 1, 2, 3, 4, 5, 123456789, time.UTC)
	metadata := json.RawMessage(`{"size":{"$storageSize":1500000},"metrics":{"classes":["a","b"]}}`)
	logged, err := LogValues(ctx, client, id, metadata, rows, trained)
	if err != nil {
		return err
	}
	last := logged.LogMetadata.Entries[len(logged.LogMetadata.Entries)-1]
	for _, asOf := range []*time.Time{nil, &last.LoggedAt} {
		if err := check(ctx, client, id, asOf, last.Seq, rows, trained); err != nil {
			return err
		}
	}
	bad := json.RawMessage(`{"$x":1}`)
	_, err = LogValues(ctx, client, id, bad, rows, trained)
	var refusal gqlerror.List
	if !errors.As(err, &refusal) || refusal[0].Extensions["code"] != "BAD_INPUT" {
		return fmt.Errorf("a bad key: %w", err)
	}
	return nil
}

// check reads the values and compares them with what was logged.
func check(ctx context.Context, client graphql.Client, id string, asOf *time.Time, seq, rows string, trained time.Time) error {
	read, err := ReadValues(ctx, client, id, asOf)
	if err != nil {
		return err
	}
	found := 0
	for _, entry := range read.ArtifactVersion.Metadata {
		switch value := (*entry.Value).(type) {
		case *ReadValuesArtifactVersionMetadataMetadataEntryValueIntegerValue:
			if value.Integer == rows {
				found++
			}
		case *ReadValuesArtifactVersionMetadataMetadataEntryValueTimestampValue:
			if value.Timestamp.Equal(trained) && entry.Seq == seq {
				found++
			}
		case *ReadValuesArtifactVersionMetadataMetadataEntryValueStorageSizeValue:
			if string(*value.ExtendedJson) == `{"$storageSize":1500000}` {
				found++
			}
		}
	}
	var plain struct{ Metrics struct{ Classes []string } }
	if err := json.Unmarshal(read.ArtifactVersion.MetadataJson, &plain); err != nil || found != 3 || len(plain.Metrics.Classes) != 2 {
		return fmt.Errorf("as of %v: %d values of 3 are as they were, %s (%w)", asOf, found, read.ArtifactVersion.MetadataJson, err)
	}
	return nil
}
