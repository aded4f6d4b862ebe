package search_test

import (
	"testing"

	"github.com/placard/placard/internal/store/search"
	"github.com/placard/placard/internal/store/storetest"
)

func TestMain(m *testing.M) {
	search.NewDatabase = storetest.Engines
	storetest.Main(m)
}
