package models

// Project is the boundary of tenancy: everything belongs to exactly one.
type Project struct {
	ID        ID `gorm:"primaryKey"`
	Name      string
	CreatedAt Time
}

// IsNode makes it a Node.
func (Project) IsNode() {}
