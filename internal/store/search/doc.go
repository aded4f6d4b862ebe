// Package search compiles filters and orders to SQL and reads lists page by page.
//
// Find returns a page of the objects of a project that pass a filter. FindPerParent returns one page for each of
// several parents. ReadPages returns pages of the children of parents in a fixed order, without a filter.
// ArtifactVersions, Artifacts, PipelineRuns and StepRuns are the tables that can be searched.
//
// All values are arguments of the statements. A filter is compiled to a condition on a row of the table, and a
// predicate on metadata to a scalar subquery that looks at the one row of the key by its primary key:
//
//	(SELECT m.sort_key >= ? FROM metadata_latest m WHERE m.project_id = ? AND m.subject_id = v.subject_id
//	    AND m.card = ? AND m.key = ?)
//
// # Access paths
//
// A search reads a page in one of three ways (ADR 0018). The index scans of the filter are counted first, up to
// selectiveLimit each, in one statement. If the smallest has fewer candidates, they are read and sorted:
//
//	SELECT v.*, … FROM (SELECT id FROM (index scan) e LIMIT n) d
//	    CROSS JOIN artifact_versions v ON v.project_id = ? AND v.id = d.id WHERE other conditions
//	    ORDER BY … LIMIT page size + 1
//
// Otherwise a list that is sorted by fields of the table walks the index on these fields until the page is full:
//
//	SELECT v.*, … FROM artifact_versions v WHERE v.project_id = ? AND all conditions ORDER BY … LIMIT page size + 1
//
// A list that is sorted by a metadata key consists of segments, which are read one after the other until the page is
// full: the objects with an ordered value, those with a value without an order, and those without a value. The first
// two walk the index on values; the last has no order of its own:
//
//	SELECT v.*, … FROM metadata_latest m0 CROSS JOIN artifact_versions v ON v.id = m0.object_id
//	    WHERE m0.project_id = ? AND m0.about = ? AND m0.card = ? AND m0.key = ? AND m0.sort_key >= ?
//	    AND m0.sort_key < ? AND …
//	    ORDER BY m0.sort_key, m0.object_id LIMIT page size + 1
//
// # Keyset pages
//
// The SELECT of a segment computes the sort columns s0, s1, … and the ID tie of each object q. A cursor holds a
// position: a rank and a key for each term of the order, and the ID. A page begins after a position by a condition on
// these columns:
//
//	(k0 > ? OR k0 = ? AND k1 > ? OR k0 = ? AND k1 = ? AND tie > ?) AND k0 >= ?
//
// The last part lets the index on k0 skip to the position. So a page costs the same wherever it is, and changes of the
// list neither repeat nor omit objects (ADR 0011).
package search
