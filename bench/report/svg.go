package report

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// drawing is an SVG image with colors for light and dark pages.
type drawing struct {
	text          strings.Builder
	width, height float64
}

// style has the colors of the plots. Series use the classes s0 to s4 for lines and marks.
const style = `<style>
svg { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; }
text { fill: #1f2328; } .muted { fill: #59636e; } .title { font-size: 14px; font-weight: 600; }
.grid { stroke: #d8dee4; } .strong { stroke: #818b98; } .goal { stroke: #cf222e; stroke-width: 2.5; }
.range { stroke: #1f2328; stroke-opacity: .55; } .line { fill: none; stroke-width: 2; }
.s0 { color: #0969da; } .s1 { color: #bc4c00; } .s2 { color: #1a7f37; } .s3 { color: #8250df; } .s4 { color: #9a6700; }
.stroke { stroke: currentColor; } .fill { fill: currentColor; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; } .muted { fill: #9198a1; } .grid { stroke: #30363d; } .strong { stroke: #656c76; }
  .goal { stroke: #ff7b72; } .range { stroke: #f0f6fc; }
  .s0 { color: #58a6ff; } .s1 { color: #f0883e; } .s2 { color: #3fb950; } .s3 { color: #bc8cff; } .s4 { color: #e3b341; }
}
</style>
`

// newDrawing returns an image with a title.
func newDrawing(width, height float64, title string) *drawing {
	d := &drawing{width: width, height: height}
	d.print(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" width="%g" height="%g" role="img" aria-label="%s">`+"\n",
		width, height, width, height, html.EscapeString(title))
	d.text.WriteString(style)
	d.label(12, 20, "title", "start", title)
	return d
}

func (d *drawing) print(format string, args ...any) { fmt.Fprintf(&d.text, format, args...) }

// label writes text at a position. anchor is start, middle or end.
func (d *drawing) label(x, y float64, class, anchor, text string) {
	d.print(`<text x="%.1f" y="%.1f" class="%s" text-anchor="%s">%s</text>`+"\n", x, y, class, anchor, html.EscapeString(text))
}

// line draws a line from one point to another.
func (d *drawing) line(from, to point, class string) {
	d.print(`<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" class="%s"/>`+"\n", from.x, from.y, to.x, to.y, class)
}

// bar draws a horizontal bar.
func (d *drawing) bar(left, top, width, height float64, class string) {
	d.print(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="2" class="fill %s"/>`+"\n", left, top, max(width, 0.5), height, class)
}

// curve draws a line through points.
func (d *drawing) curve(points []point, class string) {
	d.text.WriteString(`<polyline points="`)
	for _, p := range points {
		d.print("%.1f,%.1f ", p.x, p.y)
	}
	d.print(`" class="line stroke %s"/>`+"\n", class)
}

// mark draws a dot.
func (d *drawing) mark(p point, class string) {
	d.print(`<circle cx="%.1f" cy="%.1f" r="3" class="fill %s"/>`+"\n", p.x, p.y, class)
}

// legend writes the names of series in a row.
func (d *drawing) legend(x, y float64, names []string) {
	for i, name := range names {
		d.bar(x, y-9, 10, 10, fmt.Sprintf("s%d", i))
		d.label(x+15, y, "", "start", name)
		x += 30 + 6.6*float64(len([]rune(name)))
	}
}

// String returns the image.
func (d *drawing) String() string { return d.text.String() + "</svg>\n" }

// point is a position in an image.
type point struct{ x, y float64 }

// scale maps values to positions.
type scale struct {
	from, to   float64
	start, end float64
	// logarithmic requires values above 0.
	logarithmic bool
}

// position returns the position of a value, which is at an end for values outside of the scale.
func (s scale) position(value float64) float64 {
	from, to := s.from, s.to
	if s.logarithmic {
		value, from, to = math.Log(max(value, s.from)), math.Log(from), math.Log(to)
	}
	share := (value - from) / (to - from)
	return s.start + min(max(share, 0), 1)*(s.end-s.start)
}

// niceMax returns the smallest of 1, 2, 2.5, 5 and 10 times a power of ten that is at least a value, and at least 1e-3.
func niceMax(value float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(max(value, 1e-3))))
	for _, factor := range []float64{1, 2, 2.5, 5, 10} {
		if factor*power >= value*(1-1e-9) {
			return factor * power
		}
	}
	return 10 * power
}
