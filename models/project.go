package models

// Project is the tenancy boundary: every object belongs to exactly one project.
type Project struct {
	ID        ID `gorm:"primaryKey"`
	Name      string
	CreatedAt Time
	// Description is Markdown, nil for none.
	Description *string
}
