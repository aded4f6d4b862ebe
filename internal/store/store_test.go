package store_test

import (
	"testing"

	"github.com/placard/placard/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

func TestSQLite(t *testing.T) {
	t.Parallel()
	storetest.Exercise(t, storetest.SQLite)
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	storetest.Exercise(t, storetest.Postgres)
}

func TestCitus(t *testing.T) {
	t.Parallel()
	storetest.Exercise(t, storetest.Citus)
}
