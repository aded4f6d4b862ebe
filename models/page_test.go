package models

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

func TestPageArguments(t *testing.T) {
	t.Parallel()
	number := func(n int32) *int32 { return &n }
	text := func(s string) *string { return &s }
	for name, c := range map[string]struct {
		arguments PageArguments
		want      string
	}{
		"nothing":        {PageArguments{}, "{Size:50 Backward:false After: Before: Count:false}"},
		"none":           {PageArguments{First: number(0)}, "{Size:0 Backward:false After: Before: Count:false}"},
		"most":           {PageArguments{First: number(100), After: text("c")}, "{Size:100 Backward:false After:c Before: Count:false}"},
		"from the end":   {PageArguments{Last: number(3), Before: text("c")}, "{Size:3 Backward:true After: Before:c Count:false}"},
		"negative":       {PageArguments{First: number(-1)}, "BAD_INPUT [first]"},
		"too many":       {PageArguments{Last: number(101)}, "LIMIT_EXCEEDED [last]"},
		"both":           {PageArguments{First: number(1), Last: number(1)}, "BAD_INPUT [last]"},
		"an empty after": {PageArguments{After: text("")}, "BAD_INPUT [after]"},
	} {
		page, err := c.arguments.Page(100, false)
		got := fmt.Sprintf("%+v", page)
		if err != nil {
			got = fmt.Sprintf("%s %v", CodeOf(err), err.(*Error).Path)
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

func TestConnection(t *testing.T) {
	t.Parallel()
	position := func(n int) Position { return Position{n} }
	for name, c := range map[string]struct {
		page  Page
		items []int
		want  string
	}{
		"first page":     {Page{Size: 2}, []int{1, 2, 3}, "[1 2] next true previous false"},
		"last page":      {Page{Size: 2, After: "x"}, []int{3}, "[3] next false previous true"},
		"from the end":   {Page{Size: 2, Backward: true}, []int{9, 8, 7}, "[8 9] next false previous true"},
		"before a place": {Page{Size: 2, Backward: true, Before: "x"}, []int{2, 1}, "[1 2] next true previous false"},
		"empty":          {Page{Size: 0}, []int{1}, "[] next true previous false"},
	} {
		connection := NewConnection("list", c.page, c.items, position)
		got := fmt.Sprint(connection.Nodes(), " next ", connection.PageInfo.HasNextPage, " previous ", connection.PageInfo.HasPreviousPage)
		if got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

func TestCursorBelongsToItsList(t *testing.T) {
	t.Parallel()
	cursor := EncodeCursor("versions of a", Position{int64(5), "x"})
	position, err := ParseCursor("after", "versions of a", cursor)
	if err != nil || fmt.Sprint(position) != "[5 x]" {
		t.Errorf("got %v (%v)", position, err)
	}
	for _, bad := range []string{cursor + "A", cursor[1:], strings.ToUpper(cursor), "garbage", "=", "\x00", cursor + "\n"} {
		if position, err := ParseCursor("after", "versions of a", bad); CodeOf(err) != CodeBadInput {
			t.Errorf("%q is read as %v (%v)", bad, position, err)
		}
	}
	if _, err := ParseCursor("after", "versions of b", cursor); CodeOf(err) != CodeBadInput {
		t.Errorf("the cursor of another list: %v", err)
	}
}

// TestMapConnection converts a connection that has a value in each field. It fails if a new field has none.
func TestMapConnection(t *testing.T) {
	t.Parallel()
	start, end := "s", "e"
	from := &Connection[int]{
		Edges: []Edge[int]{{"s", 1}, {"e", 2}}, PageInfo: PageInfo{true, true, &start, &end}, TotalCount: 3, TotalCountCapped: true,
	}
	to := reflect.ValueOf(*MapConnection(from, strconv.Itoa))
	for i := range to.NumField() {
		name, value := to.Type().Field(i).Name, reflect.ValueOf(*from).Field(i)
		if value.IsZero() {
			t.Errorf("%s has no value to convert", name)
		}
		if name != "Edges" && !reflect.DeepEqual(to.Field(i).Interface(), value.Interface()) {
			t.Errorf("%s is %v, want %v", name, to.Field(i), value)
		}
	}
	if got, want := fmt.Sprint(to.FieldByName("Edges")), "[{s 1} {e 2}]"; got != want {
		t.Errorf("the edges are %s, want %s", got, want)
	}
}

// FuzzCursor checks that any text is either refused or a valid cursor.
func FuzzCursor(f *testing.F) {
	f.Add(EncodeCursor("list", Position{1, "x"}))
	f.Add("garbage")
	f.Fuzz(func(t *testing.T, text string) {
		position, err := ParseCursor("after", "list", text)
		if err != nil {
			if CodeOf(err) != CodeBadInput {
				t.Fatal(err)
			}
			return
		}
		if text != "" && EncodeCursor("list", position) != text {
			t.Fatalf("%q names %v, whose cursor is another", text, position)
		}
	})
}
