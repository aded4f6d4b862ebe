package gqlhttp

import (
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// The media types of GraphQL over HTTP.
const (
	mediaTypeJSON            = "application/json"
	mediaTypeGraphQLResponse = "application/graphql-response+json"
)

// acceptedRange is a media range of an Accept header with its quality.
type acceptedRange struct {
	media   string
	quality float64
}

// isUTF8 reports whether the parameters of a media type allow UTF-8.
func isUTF8(parameters map[string]string) bool {
	charset, ok := parameters["charset"]
	return !ok || strings.EqualFold(charset, "utf-8")
}

// parseAccept returns the valid media ranges of Accept headers, in order, each with its highest quality.
func parseAccept(headers []string) []acceptedRange {
	var ranges []acceptedRange
	for _, part := range strings.Split(strings.Join(headers, ","), ",") {
		media, parameters, err := mime.ParseMediaType(part)
		if err != nil || !isUTF8(parameters) {
			continue
		}
		quality := 1.0
		if text, ok := parameters["q"]; ok {
			if quality, err = strconv.ParseFloat(text, 64); err != nil || !(quality >= 0 && quality <= 1) {
				continue
			}
		}
		if media == "application/*" {
			media = "*/*"
		}
		i := slices.IndexFunc(ranges, func(r acceptedRange) bool { return r.media == media })
		if i < 0 {
			ranges = append(ranges, acceptedRange{media, quality})
		} else {
			ranges[i].quality = max(ranges[i].quality, quality)
		}
	}
	return ranges
}

// negotiate returns the media type of the response, empty if the client accepts none. A named type takes precedence
// over a wildcard, which may follow a type that the client excludes. Of two types with one quality, the client's first
// one counts, and JSON if the client has named neither.
func negotiate(accept []string) string {
	switch strings.TrimSpace(strings.Join(accept, ",")) {
	case "", mediaTypeJSON, "*/*": // most clients
		return mediaTypeJSON
	}
	ranges := parseAccept(accept)
	find := func(media string) int {
		return slices.IndexFunc(ranges, func(r acceptedRange) bool { return r.media == media })
	}
	best, bestQuality, bestOrder := "", 0.0, 0
	for _, offer := range []string{mediaTypeJSON, mediaTypeGraphQLResponse} {
		i := find(offer)
		if i < 0 {
			i = find("*/*")
		}
		if i >= 0 && (ranges[i].quality > bestQuality || ranges[i].quality == bestQuality && best != "" && i < bestOrder) {
			best, bestQuality, bestOrder = offer, ranges[i].quality, i
		}
	}
	return best
}

// PrefersHTML reports whether the Accept header names text/html and none of the response types with the same quality
// or a higher one. Browsers send such a header when they open a page.
func PrefersHTML(r *http.Request) bool {
	html, json := 0.0, 0.0
	for _, accepted := range parseAccept(r.Header.Values("Accept")) {
		switch accepted.media {
		case "text/html":
			html = accepted.quality
		case mediaTypeJSON, mediaTypeGraphQLResponse, "*/*":
			json = max(json, accepted.quality)
		}
	}
	return html > json
}
