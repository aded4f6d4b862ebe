package graph

// SetStatementsAtOnce changes how many statements of one operation run at once. No request may run meanwhile.
func (s *Server) SetStatementsAtOnce(n int) { s.statementsAtOnce = n }
