package storetest

import (
	"context"
	"fmt"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

func init() {
	tests["series over versions"] = versionSeries
	tests["series over a history"] = historySeries
	tests["versions before versions"] = previousVersions
}

// logNumber logs a number about a version, on the card `m` under the key `n`, and returns when.
func (s *suite) logNumber(v *models.ArtifactVersion, text string) models.Time {
	s.Helper()
	logged, err := s.log(byID(v), []models.Fact{{Card: "m", Key: "n", Kind: models.MetadataKindFloat, Text: text}})
	s.must(err)
	return logged.Entries[0].LoggedAt
}

var seriesKey = store.EntryKey{Card: "m", Key: "n"}

// points are the points of a series as number=value, without the number for those without a version.
func points(series *models.MetadataSeries) []string {
	list := []string{}
	for _, p := range series.Points {
		if p.Version == nil {
			list = append(list, *p.Entry.Text)
		} else {
			list = append(list, fmt.Sprint(p.Version.Number, "=", *p.Entry.Text))
		}
	}
	return list
}

func summary(of *models.SeriesSummary) string {
	text := fmt.Sprint(of.Statistics.Count, " numbers, missing ", of.MissingCount)
	if of.Statistics.Mean != nil {
		text += fmt.Sprint(", mean ", *of.Statistics.Mean)
	}
	return text
}

func versionSeries(s *suite) {
	var versions []*models.ArtifactVersion
	for range 5 {
		versions = append(versions, s.version("model"))
	}
	model := versions[0].ArtifactID
	s.logNumber(versions[3], "4.0")
	s.logNumber(versions[0], "0.5")
	s.logNumber(versions[2], "9.0")
	then := s.logNumber(versions[2], "3.0")
	s.logNumber(versions[0], "1.0")
	_, err := s.retract(versions[3], models.MetadataKeyInput{Key: "n", Card: ref("m")})
	s.must(err)
	s.version("model")
	other := s.version("other")
	s.logNumber(other, `{"$float":"NaN"}`)
	read := func(key store.EntryKey, page models.Page) (*models.MetadataSeries, error) {
		found, err := s.ArtifactSeries(s.ctx, models.DefaultProjectID, []models.ID{model}, key, page)
		return found[model], err
	}
	both := []models.ID{model, other.ArtifactID}
	all := models.Page{Size: 100}
	cost := s.costs(func(ctx context.Context) {
		found, err := s.ArtifactSeries(ctx, models.DefaultProjectID, both, seriesKey, all)
		s.must(err)
		s.equal(points(found[model]), []string{"1=1.0", "3=3.0"})
		s.equal(points(found[other.ArtifactID]), []string{`1={"$float":"NaN"}`})
		sums, err := s.ArtifactSummaries(ctx, models.DefaultProjectID, both, seriesKey)
		s.must(err)
		s.equal(summary(sums[model]), "2 numbers, missing 4, mean 2")
		s.equal([]any{summary(sums[other.ArtifactID]), sums[other.ArtifactID].Statistics.NonFiniteCount},
			[]any{"0 numbers, missing 0", 1})
	})
	s.equal(cost, 2)
	past := store.EntryKey{Card: "m", Key: "n", AsOf: then.UnixMicro()}
	series, err := read(past, all)
	s.must(err)
	s.equal(points(series), []string{"1=0.5", "3=3.0", "4=4.0"})
	s.equal(series.Points[0].Version.AsOf.UnixMicro(), then.UnixMicro())
	sums, err := s.ArtifactSummaries(s.ctx, models.DefaultProjectID, []models.ID{model}, past)
	s.must(err)
	s.equal(summary(sums[model]), "3 numbers, missing 2, mean 2.5")
	page, err := read(past, models.Page{Size: 2})
	s.must(err)
	s.equal([]any{points(page), page.PageInfo.HasNextPage}, []any{[]string{"1=0.5", "3=3.0"}, true})
	page, err = read(past, models.Page{Size: 2, After: page.Points[1].Cursor})
	s.must(err)
	s.equal([]any{points(page), page.PageInfo.HasNextPage}, []any{[]string{"4=4.0"}, false})
	back, err := read(past, models.Page{Size: 1, Backward: true, Before: page.Points[0].Cursor})
	s.must(err)
	s.equal([]any{points(back), back.PageInfo.HasPreviousPage}, []any{[]string{"3=3.0"}, true})
	for _, key := range []store.EntryKey{seriesKey, {Key: "n", AsOf: past.AsOf}, {Card: "m", Key: "x", AsOf: past.AsOf},
		{Card: "m", Key: "n", AsOf: past.AsOf + 1}} {
		s.refused(models.CodeBadInput, second(read(key, models.Page{Size: 2, After: page.Points[0].Cursor})))
	}
	early := store.EntryKey{Card: "m", Key: "n", AsOf: 1}
	series, err = read(early, all)
	s.must(err)
	s.equal(points(series), []string{})
}

func historySeries(s *suite) {
	v, other := s.version("model"), s.version("other")
	s.logNumber(v, "1.0")
	then := s.logNumber(v, "2.0")
	_, err := s.log(byID(v), facts("n", "no card"))
	s.must(err)
	_, err = s.retract(v, models.MetadataKeyInput{Key: "n", Card: ref("m")})
	s.must(err)
	s.logNumber(v, "6.0")
	subjects := []models.ID{v.SubjectID, other.SubjectID}
	cost := s.costs(func(ctx context.Context) {
		found, err := s.SubjectSeries(ctx, v.ProjectID, subjects, seriesKey, models.Page{Size: 100})
		s.must(err)
		s.equal([]any{points(found[v.SubjectID]), points(found[other.SubjectID])},
			[]any{[]string{"1.0", "2.0", "6.0"}, []string{}})
		sums, err := s.SubjectSummaries(ctx, v.ProjectID, subjects, seriesKey)
		s.must(err)
		s.equal([]any{summary(sums[v.SubjectID]), sums[other.SubjectID] == nil}, []any{"3 numbers, missing 1, mean 3", true})
	})
	s.equal(cost, 2)
	past := store.EntryKey{Card: "m", Key: "n", AsOf: then.UnixMicro()}
	one := []models.ID{v.SubjectID}
	found, err := s.SubjectSeries(s.ctx, v.ProjectID, one, past, models.Page{Size: 1})
	s.must(err)
	first := found[v.SubjectID]
	s.equal([]any{points(first), first.PageInfo.HasNextPage}, []any{[]string{"1.0"}, true})
	found, err = s.SubjectSeries(s.ctx, v.ProjectID, one, past, models.Page{Size: 5, After: first.Points[0].Cursor})
	s.must(err)
	s.equal(points(found[v.SubjectID]), []string{"2.0"})
	s.refused(models.CodeBadInput,
		second(s.SubjectSeries(s.ctx, v.ProjectID, one, seriesKey, models.Page{Size: 5, After: first.Points[0].Cursor})))
	sums, err := s.SubjectSummaries(s.ctx, v.ProjectID, one, past)
	s.must(err)
	s.equal(summary(sums[v.SubjectID]), "2 numbers, missing 0, mean 1.5")
}

func previousVersions(s *suite) {
	var versions []*models.ArtifactVersion
	for _, name := range []string{"2", "7", "9", "5"} { // the last comes between two that are there
		v, err := s.create(models.CreateArtifactVersionInput{Artifact: "model", Version: ref(name)})
		s.must(err)
		versions = append(versions, v)
	}
	other := s.version("other")
	before := func(asOf *models.Time) string {
		asked := []models.ID{other.ID}
		for _, v := range versions {
			asked = append(asked, v.ID)
		}
		found, err := s.PreviousVersions(s.ctx, other.ProjectID, asked, asOf)
		s.must(err)
		text := ""
		for _, v := range append(versions, other) {
			if found[v.ID] != nil {
				text += fmt.Sprintf("%d<%d ", found[v.ID].Number, v.Number)
			}
		}
		return text
	}
	s.equal(before(nil), "5<7 7<9 2<5 ")
	s.equal(before(&versions[2].CreatedAt), "2<7 7<9 ")
	s.equal(before(&versions[0].CreatedAt), "")
	_, _, err := s.DeleteArtifactVersion(s.ctx, store.Call{}, root, models.DeleteArtifactVersionInput{ArtifactVersionSelector: Select(versions[3].ID)})
	s.must(err)
	s.equal(before(nil), "2<7 7<9 ")
}
