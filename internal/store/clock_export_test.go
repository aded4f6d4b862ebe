package store

import "time"

// SetClock makes the store ask another clock than that of the machine.
func SetClock(s *Store, clock func() time.Time) {
	s.clock = clock
	if d, ok := s.dialect.(*sqliteDialect); ok {
		d.clock = clock
	}
}
