package store

import "context"

// AnalyzeGrown does once what KeepStatistics does at each tick.
func AnalyzeGrown(ctx context.Context, s *Store) error { return s.dialect.analyze(ctx, s.log, false) }

// IsDue reports whether a table gets an ANALYZE, by its rows now and at its last ANALYZE.
func IsDue(rows, analyzed int64) bool { return tableSize{rows: rows, analyzed: analyzed}.isDue() }

// AnalyzeLock is the advisory lock of the server that runs ANALYZE.
const AnalyzeLock = analyzeLock
