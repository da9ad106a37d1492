package shadow

import (
	"mime"
	"net/http"
	"strings"
	"time"
)

// Answer is what one side answered to a request.
type Answer struct {
	Status int
	Header http.Header
	// Body is the whole body, without any content encoding.
	Body []byte
	// Took is the time until the answer was complete.
	Took time.Duration
	// Failed says why there is no answer; the other fields are empty then.
	Failed string
}

// media returns the media type in lower case, without its parameters.
func (a Answer) media() string {
	kind, _, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return kind
}

func isJSON(media string) bool {
	return media == "application/json" || strings.HasSuffix(media, "+json")
}

func isText(media string) bool {
	return strings.HasPrefix(media, "text/") || strings.HasSuffix(media, "xml") || media == "application/javascript"
}
