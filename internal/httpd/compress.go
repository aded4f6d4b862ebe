package httpd

import (
	"net/http"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"
)

// minGzipSize is the size in bytes from which a response is compressed. A smaller one fits into one packet anyway.
const minGzipSize = 1400

// compress compresses JSON responses with gzip for clients that accept it. Other media types, such as event streams,
// are not compressed.
func compress(next http.Handler) http.Handler {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(minGzipSize), gzhttp.CompressionLevel(gzip.BestSpeed),
		gzhttp.EnableZstd(false),
		gzhttp.ContentTypes([]string{"application/json", "application/graphql-response+json"}))
	if err != nil {
		panic(err) // the options are constants
	}
	return wrap(next)
}
