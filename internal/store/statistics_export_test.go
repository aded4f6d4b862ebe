package store

import "context"

// AnalyzeGrown does once what KeepStatistics does at each tick.
func AnalyzeGrown(ctx context.Context, s *Store) error { return s.db.Analyze(ctx, false) }
