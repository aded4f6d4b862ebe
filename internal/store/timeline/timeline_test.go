package timeline_test

import (
	"context"
	"log/slog"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"gorm.io/gorm"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/internal/store/timeline"
	"github.com/placard/placard/models"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// manyEvents is the number of events of a version with a long history. The first is its creation, and one of 10,000 is
// a retraction.
const manyEvents = 100_000

// fillEvents inserts the events of a version of an artifact. The event n is at microsecond n.
func fillEvents(t *testing.T, db *engine.DB, artifact, version models.ID) {
	t.Helper()
	id := "CAST(lpad(to_hex(n), 32, '0') AS uuid)"
	if db.Dialect().HasOneWriter() {
		id = "unhex(printf('%032x', n))"
	}
	err := db.Write(context.Background(), func(tx *gorm.DB) error {
		return tx.Exec(`WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
			INSERT INTO events (project_id, id, kind, created_at, artifact_id, artifact_version_id, details)
			SELECT ?, `+id+`, CASE WHEN n = 1 THEN 'VERSION_CREATED' WHEN n % 10000 = 0 THEN 'METADATA_RETRACTED'
				ELSE 'METADATA_LOGGED' END, n, ?, ?, '{"version":"1","number":1}' FROM numbers`,
			manyEvents, models.DefaultProjectID, artifact, version).Error
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestLongTimeline reads pages at the start, in the middle and at the end of long timelines, of all kinds and of rare
// ones. Each is one statement, which reads by an index no more than a page of each kind.
func TestLongTimeline(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		db, err := engine.Open(context.Background(), url, slog.New(slog.DiscardHandler), true, engine.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		r := &timeline.Reader{DB: db}
		artifact, version, other := models.NewID(), models.NewID(), models.NewID()
		fillEvents(t, db, artifact, version)
		const size = 20
		for name, read := range map[string]func(context.Context, timeline.EventQuery, models.Page) (*models.TimelineEventConnection, error){
			"project": func(ctx context.Context, q timeline.EventQuery, page models.Page) (*models.TimelineEventConnection, error) {
				found, err := r.ProjectEvents(ctx, models.DefaultProjectID, nil, q, page)
				return found[models.DefaultProjectID], err
			},
			"artifact": func(ctx context.Context, q timeline.EventQuery, page models.Page) (*models.TimelineEventConnection, error) {
				found, err := r.ArtifactEvents(ctx, models.DefaultProjectID, []models.ID{artifact}, q, page)
				return found[artifact], err
			},
			"version": func(ctx context.Context, q timeline.EventQuery, page models.Page) (*models.TimelineEventConnection, error) {
				owners := []models.ID{version, other}
				if page.HasCursor() {
					owners = owners[:1] // a cursor belongs to one list
				}
				found, err := r.VersionEvents(ctx, models.DefaultProjectID, owners, q, page)
				return found[version], err
			},
		} {
			for _, c := range []struct {
				name   string
				query  timeline.EventQuery
				first  int64 // the microsecond of the first event of the page
				number int
			}{
				{"the newest", timeline.EventQuery{}, manyEvents, size},
				{"of the past", timeline.EventQuery{AsOf: 50_001}, 50_001, size},
				{"before an instant", timeline.EventQuery{To: 30_000}, 30_000, size},
				{"the oldest", timeline.EventQuery{To: 5}, 5, 5},
				{"after an instant", timeline.EventQuery{From: 90_000}, manyEvents, size},
				{"of a rare kind", timeline.EventQuery{Kinds: ",METADATA_RETRACTED,"}, manyEvents, 10},
				{"of the rarest kind", timeline.EventQuery{Kinds: ",VERSION_CREATED,"}, 1, 1},
				{"of no kind", timeline.EventQuery{Kinds: ",METADATA_ERASED,"}, 0, 0},
			} {
				page := models.Page{Size: size}
				for range 2 { // from the start, and after a cursor
					m := &storetest.Meter{}
					var plan []string
					m.Record = func(text string, args []any) {
						if plan, err = db.Explain(context.Background(), text, args); err != nil {
							t.Fatal(err)
						}
					}
					found, err := read(storetest.WithMeter(context.Background(), m), c.query, page)
					if err != nil {
						t.Fatal(err)
					}
					if n := len(found.Edges); n != c.number || n > 0 && found.Edges[0].Node.CreatedAt.UnixMicro() != c.first {
						t.Fatalf("%s, %s: %d events, want %d from %d", name, c.name, n, c.number, c.first)
					}
					if m.Statements() != 1 {
						t.Errorf("%s, %s: %d statements", name, c.name, m.Statements())
					}
					checkPlan(t, plan, "events_by_"+name, 13*2*(size+1))
					if !found.PageInfo.HasNextPage {
						break
					}
					page.After, c.first = *found.PageInfo.EndCursor, c.first-size
				}
			}
		}
	})
}

var readRows = regexp.MustCompile(`rows=(\d+)[^(]*loops=(\d+)`)

// checkPlan checks that a plan reads events by an index only, and on PostgreSQL no more than a number of rows.
func checkPlan(t *testing.T, plan []string, index string, maxRows int) {
	t.Helper()
	whole, rows := strings.Join(plan, "\n"), 0
	for _, line := range plan {
		if strings.Contains(line, "SCAN events") || strings.Contains(line, "Seq Scan on events") ||
			strings.Contains(line, "events_") && !strings.Contains(line, index) {
			t.Fatalf("reads events without the index %s: %s\n%s", index, line, whole)
		}
		if actual := readRows.FindAllStringSubmatch(line, -1); strings.Contains(line, "on events") && actual != nil {
			last := actual[len(actual)-1]
			n, _ := strconv.Atoi(last[1])
			loops, _ := strconv.Atoi(last[2])
			rows += n * loops
		}
		if removed, ok := strings.CutPrefix(strings.TrimSpace(line), "Rows Removed by Filter: "); ok {
			n, _ := strconv.Atoi(removed)
			rows += n
		}
	}
	if strings.Contains(whole, "kind=?)\nUSE TEMP B-TREE") {
		t.Fatalf("sorts events:\n%s", whole)
	}
	if rows > maxRows {
		t.Fatalf("reads %d rows, more than %d:\n%s", rows, maxRows, whole)
	}
	if !strings.Contains(whole, index) {
		t.Fatalf("does not use %s:\n%s", index, whole)
	}
}
