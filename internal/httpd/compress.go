package httpd

import (
	"net/http"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"
)

// packedFrom is how many bytes an answer has before it is compressed: less is a packet anyway.
const packedFrom = 1400

// compressed gives clients that take gzip the answers of GraphQL in gzip. Anything but JSON, such as a stream of
// events, goes out as it comes.
func compressed(next http.Handler) http.Handler {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(packedFrom), gzhttp.CompressionLevel(gzip.BestSpeed), gzhttp.EnableZstd(false),
		gzhttp.ContentTypes([]string{"application/json", "application/graphql-response+json"}))
	if err != nil {
		panic(err) // the options are constants
	}
	return wrap(next)
}
