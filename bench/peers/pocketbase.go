package peers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os/exec"
	"strings"
	"time"

	"github.com/placard/placard/bench/client"
	"github.com/placard/placard/bench/process"
	"github.com/placard/placard/bench/workload"
)

// pocketBaseUser and pocketBasePassword are those of the administrator.
const (
	pocketBaseUser     = "bench@example.org"
	pocketBasePassword = "bench-password"
)

// StartPocketBase starts PocketBase on a new database in a folder, with a collection of entries and with batches.
func (f Folder) StartPocketBase(ctx context.Context, data string) (*process.Server, error) {
	program := f.path("pocketbase", "pocketbase")
	create := exec.CommandContext(ctx, program, "superuser", "upsert", pocketBaseUser, pocketBasePassword, "--dir", data)
	if out, err := create.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("create the administrator of PocketBase: %w: %s", err, out)
	}
	serve := process.Command{Program: program, Args: []string{"serve", "--http", "ADDRESS", "--dir", data}, Ready: "/api/health"}
	server, err := serve.Start(ctx)
	if err != nil {
		return nil, err
	}
	if err := configurePocketBase(server.Address); err != nil {
		return nil, errors.Join(err, server.Stop())
	}
	return server, nil
}

// configurePocketBase creates the collection and allows batches.
func configurePocketBase(address string) (err error) {
	connection, err := client.Dial(address, time.Now().Add(time.Minute))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, connection.Close()) }()
	var session struct{ Token string }
	if err := send(connection, post("/api/collections/_superusers/auth-with-password",
		map[string]any{"identity": pocketBaseUser, "password": pocketBasePassword}), &session); err != nil {
		return err
	}
	header := "Authorization: " + session.Token + "\r\n"
	const collection = `{"name":"entries","type":"base","listRule":"","viewRule":"","createRule":"","updateRule":"",
		"fields":[{"name":"version","type":"text"},{"name":"key","type":"text"},{"name":"value","type":"json"}],
		"indexes":["CREATE INDEX entries_by_version ON entries (version, key)"]}`
	var ignored map[string]any
	if err := send(connection, client.Post("/api/collections", header, []byte(collection)), &ignored); err != nil {
		return err
	}
	settings := client.Post("/api/settings", header, []byte(`{"batch":{"enabled":true,"maxRequests":1000,"timeout":10}}`))
	return send(connection, []byte("PATCH"+strings.TrimPrefix(string(settings), "POST")), &ignored)
}

// pocketBaseBatch returns the request that creates the entries of a version in one transaction.
func pocketBaseBatch(version string, keys int, value func(key int) any) []byte {
	requests := make([]any, keys)
	for key := range requests {
		requests[key] = map[string]any{"method": "POST", "url": "/api/collections/entries/records",
			"body": map[string]any{"version": version, "key": fmt.Sprintf("key_%03d", key), "value": value(key)}}
	}
	return post("/api/batch", map[string]any{"requests": requests})
}

// FillPocketBase writes versions with a number of keys.
func FillPocketBase(address string, versions, keys int) (err error) {
	connection, err := client.Dial(address, time.Now().Add(time.Hour))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, connection.Close()) }()
	for n := range versions {
		var created []json.RawMessage
		value := func(key int) any { return fmt.Sprintf("value %d of a text", n*1000+key) }
		if err := send(connection, pocketBaseBatch(fmt.Sprintf("v%d", n), keys, value), &created); err != nil {
			return err
		}
	}
	return nil
}

// PocketBaseReads returns the operation that reads the entries of a version.
func PocketBaseReads(versions, keys int) client.Operation {
	return client.Operation{Name: "read from PocketBase", Next: func(random *rand.Rand) ([]byte, func([]byte) error) {
		query := url.Values{"perPage": {fmt.Sprint(keys)}, "skipTotal": {"1"}, "fields": {"key,value"},
			"filter": {fmt.Sprintf("version='v%d'", random.IntN(versions))}}
		return client.Get("/api/collections/entries/records?"+query.Encode(), ""), countMarks(`"key":"key_`, keys)
	}}
}

// PocketBaseLogs returns the operation that creates the entries of a request to log in one transaction. PocketBase has
// no latest rows, so that it writes half as much.
func PocketBaseLogs(versions int) client.Operation {
	return client.Operation{Name: "log to PocketBase", Next: func(random *rand.Rand) ([]byte, func([]byte) error) {
		value := func(int) any { return random.IntN(1_000_000_000) }
		return pocketBaseBatch(fmt.Sprintf("log%d", random.IntN(versions)), workload.EntriesPerLog, value),
			countMarks(`"status":200`, workload.EntriesPerLog)
	}}
}
