package engine

import (
	"log/slog"
	"sync"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"
)

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

// gormConfig is how both engines use GORM: no hidden transactions, no hidden writes, no values in the log.
func gormConfig(log *slog.Logger, prepare bool) *gorm.Config {
	return &gorm.Config{
		SkipDefaultTransaction: true,
		PrepareStmt:            prepare,
		Logger:                 gormLogger{log, &slowLog{}},
	}
}

// mute is a dialect that writes statements for the log without their arguments. GORM would write them out for each
// statement, which costs time and shows values.
type mute struct{ gorm.Dialector }

// Explain is the statement with its placeholders.
func (mute) Explain(sql string, _ ...any) string { return sql[:min(len(sql), mostLogged)] }

// mostLogged is how many bytes of a statement the log shows.
const mostLogged = 2000
