// Package timeline reads when something happened: the times of the last entries, and events.
package timeline
