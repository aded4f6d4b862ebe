package engine

import (
	"log/slog"
	"sync"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"
)

// openGORM opens a session of GORM: it begins no transactions by itself, names all columns and logs no values.
func openGORM(dialector gorm.Dialector, log *slog.Logger, prepare bool, gate *readGate) (*gorm.DB, error) {
	db, err := gorm.Open(placeholderDialector{dialector}, &gorm.Config{
		SkipDefaultTransaction: true,
		QueryFields:            true,
		PrepareStmt:            prepare,
		DisableAutomaticPing:   true,
		Logger:                 newStatementLogger(log),
	})
	if err != nil {
		return nil, err
	}
	return observe(db, gate), nil
}

// maxObservedText is the number of bytes of a statement that observers get.
const maxObservedText = 2000

// placeholderDialector keeps the placeholders in the statements that observers get. GORM would replace them by the
// values.
type placeholderDialector struct{ gorm.Dialector }

// Explain returns the beginning of the statement.
func (placeholderDialector) Explain(sql string, _ ...any) string {
	return sql[:min(len(sql), maxObservedText)]
}

// schemas are the parsed models.
var schemas sync.Map

// Columns returns the columns of a model, in the order of its fields.
func Columns[T any]() []string {
	parsed, err := schema.Parse(new(T), &schemas, schema.NamingStrategy{})
	if err != nil {
		panic(err) // the models are part of the program
	}
	return parsed.DBNames
}
