package entryjson

import (
	"maps"
	"strconv"
	"strings"

	"github.com/placard/placard/models"
)

// kindSpec defines the object type of a kind.
type kindSpec struct {
	index    int
	typeName string
	// fields are the fields of DisplayValue and those with the payload.
	fields map[string]fieldSpec
}

// kindCount is the number of kinds. A kind that kindSpecs lacks is marshaled by the generated code.
const kindCount = 16

var (
	kindSpecs = map[models.MetadataKind]kindSpec{}
	// memberFields are the fields of MetadataField.
	memberFields map[string]fieldSpec
)

// init fills the maps, because an initializer would be an initialization cycle.
func init() {
	memberFields = map[string]fieldSpec{
		"key": {append: appendMemberKey, isText: true}, "value": {append: appendUnion, hasValues: true},
	}
	text, number := fieldSpec{append: appendPayload, isText: true}, fieldSpec{append: appendNumber}
	raw, items := fieldSpec{append: appendRaw}, fieldSpec{append: appendItems, hasValues: true}
	for i, k := range [kindCount]struct {
		kind     models.MetadataKind
		typeName string
		payload  map[string]fieldSpec
	}{
		{models.MetadataKindString, "StringValue", map[string]fieldSpec{"text": text}},
		{models.MetadataKindInteger, "IntegerValue", map[string]fieldSpec{"integer": number}},
		{models.MetadataKindFloat, "FloatValue", map[string]fieldSpec{
			"float": {append: appendFloat}, "repr": {append: appendDisplay, isText: true}}},
		{models.MetadataKindBoolean, "BooleanValue", map[string]fieldSpec{"boolean": raw}},
		{models.MetadataKindNull, "NullValue", nil},
		{models.MetadataKindList, "ListValue", map[string]fieldSpec{"items": items}},
		{models.MetadataKindTuple, "TupleValue", map[string]fieldSpec{"items": items}},
		{models.MetadataKindSet, "SetValue", map[string]fieldSpec{"items": items}},
		{models.MetadataKindDict, "DictValue", map[string]fieldSpec{"fields": {append: appendMembers}}},
		{models.MetadataKindURI, "UriValue", map[string]fieldSpec{"uri": text}},
		{models.MetadataKindPath, "PathValue", map[string]fieldSpec{"path": text}},
		{models.MetadataKindDType, "DTypeValue", map[string]fieldSpec{"dtype": text}},
		{models.MetadataKindStorageSize, "StorageSizeValue", map[string]fieldSpec{"bytes": number}},
		{models.MetadataKindTimestamp, "TimestampValue", map[string]fieldSpec{"timestamp": raw}},
		{models.MetadataKindDuration, "DurationValue", map[string]fieldSpec{"seconds": {append: appendSeconds}}},
		{models.MetadataKindMarkdown, "MarkdownValue", map[string]fieldSpec{"markdown": text}},
	} {
		fields := map[string]fieldSpec{
			"display":      {append: appendDisplay, isText: true},
			"json":         {append: appendJSON, isText: true},
			"extendedJson": {append: appendExtendedJSON, isText: true},
		}
		maps.Copy(fields, k.payload)
		kindSpecs[k.kind] = kindSpec{i, k.typeName, fields}
	}
}

// appendUnion appends a value as an object.
func appendUnion(w *writer, f *field, value models.ValueText) bool {
	o := f.selections.object(w.operation, value.Kind)
	return o != nil && w.appendObject(o, value)
}

// appendRaw appends a payload that is the JSON of the field.
func appendRaw(w *writer, _ *field, value models.ValueText) bool {
	w.text = append(w.text, value.Payload...)
	return true
}

// appendPayload appends a payload that is a string.
func appendPayload(w *writer, _ *field, value models.ValueText) bool {
	w.appendString(value.Payload)
	return true
}

// appendString appends a quoted string of a stored value, in which control characters have lower-case hexadecimal
// digits.
func (w *writer) appendString(quoted string) {
	start := len(w.text)
	w.appendCounted(quoted)
	for i := strings.IndexByte(quoted, '\\'); i >= 0 && i < len(quoted); i++ {
		if quoted[i] != '\\' {
			continue
		}
		i++
		if quoted[i] == 'u' {
			i += len("001f")
			w.text[start+i] = strings.ToUpper(quoted[i : i+1])[0]
		}
	}
}

// appendNumber appends a payload that is an integer, as a string.
func appendNumber(w *writer, _ *field, value models.ValueText) bool {
	w.text = append(w.text, '"')
	w.text = append(w.text, value.Payload...)
	w.text = append(w.text, '"')
	return true
}

// appendFloat appends a double, null for one that JSON lacks.
func appendFloat(w *writer, _ *field, value models.ValueText) bool {
	if value.IsMarked() {
		w.appendNull()
		return true
	}
	return appendRaw(w, nil, value)
}

// appendSeconds appends a duration as a double.
func appendSeconds(w *writer, _ *field, value models.ValueText) bool {
	if strings.ContainsAny(value.Payload, ".e") {
		return appendRaw(w, nil, value)
	}
	seconds, err := strconv.ParseFloat(value.Payload, 64)
	w.text = append(w.text, models.FloatValue{Number: seconds}.Repr()...)
	return err == nil
}

// appendDisplay appends the text for people.
func appendDisplay(w *writer, _ *field, value models.ValueText) bool {
	payload := value.Payload
	switch value.Kind {
	case models.MetadataKindString, models.MetadataKindURI, models.MetadataKindPath, models.MetadataKindDType,
		models.MetadataKindMarkdown:
		w.appendString(payload)
		return true
	case models.MetadataKindInteger, models.MetadataKindBoolean, models.MetadataKindNull:
		w.appendQuoted(payload)
		return true
	case models.MetadataKindFloat:
		w.appendQuoted(strings.Trim(payload, `"`)) // NaN and infinities have quotes
		return true
	case models.MetadataKindTimestamp:
		w.appendQuoted(strings.Replace(strings.Trim(payload, `"Z`), "T", " ", 1) + " UTC")
		return true
	case models.MetadataKindStorageSize:
		size, err := strconv.ParseInt(payload, 10, 64)
		w.appendQuoted(models.StorageSizeValue{Bytes: models.Int64(size)}.Display())
		return err == nil
	case models.MetadataKindDuration:
		seconds, err := strconv.ParseFloat(payload, 64)
		w.appendQuoted(models.DurationValue{Seconds: models.Double(seconds)}.Display())
		return err == nil
	}
	decoded, err := value.Decode()
	if err != nil {
		return false
	}
	w.appendQuoted(decoded.Display())
	return true
}

// appendJSON appends the value as plain JSON.
func appendJSON(w *writer, _ *field, value models.ValueText) bool {
	switch value.Kind {
	case models.MetadataKindNull:
		w.appendNull()
	case models.MetadataKindList, models.MetadataKindTuple, models.MetadataKindSet, models.MetadataKindDict:
		start := len(w.text)
		w.text = value.AppendPlain(w.text)
		w.bytes += len(w.text) - start
	default:
		w.appendCounted(value.Payload)
	}
	return true
}

// appendExtendedJSON appends the value as extended JSON. The dictionary of an entry without a card has a mark there.
func appendExtendedJSON(w *writer, _ *field, value models.ValueText) bool {
	switch {
	case value.Kind == models.MetadataKindNull:
		w.appendNull()
	case value.Kind == models.MetadataKindDict && w.entry.CardName == "" && !value.IsMarked() && value.Text == w.value.Text:
		w.appendCounted(`{"$dict":`)
		w.appendCounted(value.Text)
		w.appendCounted("}")
	default:
		w.appendCounted(value.Text)
	}
	return true
}

// appendItems appends the items of a list, tuple or set.
func appendItems(w *writer, f *field, value models.ValueText) bool {
	w.text = append(w.text, '[')
	separator := ""
	for item := range value.Items() {
		w.text = append(w.text, separator...)
		separator = ","
		if !appendUnion(w, f, item) {
			return false
		}
	}
	w.text = append(w.text, ']')
	return true
}

// appendMembers appends the members of a dictionary.
func appendMembers(w *writer, f *field, value models.ValueText) bool {
	w.text = append(w.text, '[')
	separator := ""
	for member := range value.Items() {
		w.text = append(w.text, separator...)
		separator = ","
		if !w.appendObject(f.member, member) {
			return false
		}
	}
	w.text = append(w.text, ']')
	return true
}

func appendMemberKey(w *writer, _ *field, member models.ValueText) bool {
	w.appendString(member.Key)
	return true
}
