package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/placard/placard/bench/measure"
)

const (
	plotWidth   = 860
	barHeight   = 13
	barDistance = 20
	// labelWidth is the width of the names of rows.
	labelWidth = 380
)

// LimitPlot returns a plot of the ratios to the database alone, with the goals.
func LimitPlot(records []Record, title string) string {
	top := 58.0
	height := top + barDistance*float64(len(records)) + 16
	d := newDrawing(plotWidth, height, title)
	s := scale{from: 0.01, to: 10, start: labelWidth, end: plotWidth - 60, logarithmic: true}
	for _, value := range []float64{0.01, 0.1, 1, 10} {
		class := "grid"
		if value == 1 {
			class = "strong"
		}
		x := s.position(value)
		d.line(point{x, top - 8}, point{x, height - 12}, class)
		d.label(x, top-13, "muted", "middle", fmt.Sprintf("%g ×", value))
	}
	d.label(12, top-13, "muted", "start", "work, clients")
	for i, r := range records {
		y := top + barDistance*float64(i)
		d.label(labelWidth-8, y+barHeight-2, "", "end", fmt.Sprintf("%s, %d", plainName(r.Row), r.Clients))
		d.bar(labelWidth, y, s.position(r.Ratio.Median)-labelWidth, barHeight, "s0")
		middle := y + barHeight/2.0
		d.line(point{s.position(r.Ratio.Min), middle}, point{s.position(r.Ratio.Max), middle}, "range")
		if r.Goal > 0 {
			x := s.position(r.Goal)
			d.line(point{x, y - 2}, point{x, y + barHeight + 2}, "goal")
		}
		d.label(plotWidth-12, y+barHeight-2, "", "end", measure.Short(r.Ratio.Median))
	}
	return d.String()
}

// plainName returns the name of a row without the marks of code.
func plainName(name string) string {
	return string(slices.DeleteFunc([]rune(name), func(r rune) bool { return r == '`' }))
}

// panel is the area of a plot with one pair of scales.
type panel struct {
	d    *drawing
	x, y scale
}

// newPanel draws the frame of a panel with five lines of its vertical scale.
func newPanel(d *drawing, left, width, maximum float64, unit string) panel {
	p := panel{d, scale{start: left, end: left + width}, scale{from: 0, to: niceMax(maximum), start: d.height - 44, end: 70}}
	for i := range 6 {
		value := p.y.to * float64(i) / 5
		y := p.y.position(value)
		class := "grid"
		if i == 0 {
			class = "strong"
		}
		d.line(point{left, y}, point{left + width, y}, class)
		d.label(left-6, y+4, "muted", "end", formatAxis(value))
	}
	d.label(left, 58, "muted", "start", unit)
	return p
}

// GrowthPlot returns a plot of the CPU time per operation by the number of versions, with a panel for each engine.
func GrowthPlot(records []Record) string {
	engines := distinct(records, func(r Record) string { return r.Engine })
	operations := distinct(records, func(r Record) string { return r.Row })
	d := newDrawing(plotWidth, 330, "CPU time per operation of server and database by the number of versions")
	d.legend(12, 40, operations)
	width := (plotWidth-40)/float64(len(engines)) - 50
	for e, engine := range engines {
		curves, maximum := growthCurves(records, engine, operations)
		p := newPanel(d, 50+float64(e)*(width+50), width, maximum, engineName(engine)+", ms")
		p.x.logarithmic, p.x.from, p.x.to = true, math.Inf(1), 0
		for _, curve := range curves {
			for _, at := range curve {
				p.x.from, p.x.to = min(p.x.from, at.x), max(p.x.to, at.x)
			}
		}
		anchors := [3]string{"start", "middle", "end"}
		for i, curve := range curves {
			for k, at := range curve {
				curve[k] = point{p.x.position(at.x), p.y.position(at.y)}
				d.mark(curve[k], fmt.Sprintf("s%d", i))
				if i == 0 {
					d.label(curve[k].x, d.height-26, "muted", anchors[min(k, 1)+k/max(len(curve)-1, 1)], measure.Short(at.x))
				}
			}
			d.curve(curve, fmt.Sprintf("s%d", i))
		}
		d.label(p.x.start+width/2, d.height-8, "muted", "middle", "versions")
	}
	return d.String()
}

// growthCurves returns the sizes and CPU times of each operation, and the greatest CPU time.
func growthCurves(records []Record, engine string, operations []string) (curves [][]point, maximum float64) {
	curves = make([][]point, len(operations))
	add := func(i int, versions string, s measure.Summary) {
		var size float64
		if n, _ := fmt.Sscan(versions, &size); n == 1 {
			cpu := s.ServerCPU.Median + s.DatabaseCPU.Median
			curves[i], maximum = append(curves[i], point{size, cpu}), max(maximum, cpu)
		}
	}
	for _, r := range records {
		if r.Engine != engine {
			continue
		}
		i := slices.Index(operations, r.Row)
		if len(curves[i]) == 0 {
			add(i, r.Sides[1], r.Second)
		}
		add(i, r.Sides[0], r.First)
	}
	return curves, maximum
}

// distinct returns the different names of items in order of appearance.
func distinct[T any](items []T, name func(T) string) []string {
	var names []string
	for _, item := range items {
		if !slices.Contains(names, name(item)) {
			names = append(names, name(item))
		}
	}
	return names
}

// MemoryPlot returns a plot of the resident memory during a mixed load.
func MemoryPlot(steady []Steady) string {
	d := newDrawing(plotWidth, 300, "Resident memory of the server under a mixed load")
	d.legend(12, 40, distinct(steady, func(s Steady) string { return engineName(s.Engine) }))
	maximum, minutes := 0.0, 0.0
	for _, s := range steady {
		for _, bytes := range s.Memory {
			maximum = max(maximum, float64(bytes)/mebibyte)
		}
		minutes = max(minutes, s.Minutes)
	}
	p := newPanel(d, 50, plotWidth-80, maximum, "MiB")
	p.x.to = minutes
	for i := range 6 {
		at := minutes * float64(i) / 5
		d.label(p.x.position(at), d.height-26, "muted", "middle", formatAxis(at))
	}
	d.label(plotWidth/2, d.height-8, "muted", "middle", "minutes")
	for i, s := range steady {
		curve := make([]point, len(s.Memory))
		for k, bytes := range s.Memory {
			at := s.Minutes * float64(k) / float64(max(len(s.Memory)-1, 1))
			curve[k] = point{p.x.position(at), p.y.position(float64(bytes) / mebibyte)}
		}
		d.curve(curve, fmt.Sprintf("s%d", i))
	}
	return d.String()
}

// formatAxis returns a number of an axis.
func formatAxis(value float64) string { return strconv.FormatFloat(value, 'g', 3, 64) }

// engineName returns the name of an engine as its authors spell it.
func engineName(engine string) string {
	if engine == "sqlite" {
		return "SQLite"
	}
	return "PostgreSQL"
}
