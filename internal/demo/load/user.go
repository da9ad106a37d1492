package load

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
)

// user is one person with a browser: cookies that came are sent again. A nil
// user keeps none.
type user struct {
	jar  *cookiejar.Jar
	base *url.URL
}

// newUser returns user number k. If cookie is not empty, the user has one of
// that name from the beginning.
func newUser(base *url.URL, cookie string, k int) *user {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic("load: a cookie jar without options cannot fail: " + err.Error())
	}
	if cookie != "" {
		jar.SetCookies(base, []*http.Cookie{{Name: cookie, Value: fmt.Sprintf("user-%d", k), Path: "/"}})
	}
	return &user{jar: jar, base: base}
}

// dress adds the user's cookies to a request.
func (u *user) dress(header http.Header) {
	if u == nil {
		return
	}
	for _, c := range u.jar.Cookies(u.base) {
		header.Add("Cookie", c.Name+"="+c.Value)
	}
}

// keep takes over the cookies of an answer.
func (u *user) keep(resp *http.Response) {
	if u == nil || len(resp.Header["Set-Cookie"]) == 0 {
		return
	}
	u.jar.SetCookies(u.base, resp.Cookies())
}

// crowd deals the users out to the connections. A share of the connections,
// spread evenly, is anonymous: it has the single user nil. Of the others
// each has one or more users of its own, or, where there are fewer users
// than connections, shares one.
func crowd(o Options, base *url.URL) [][]*user {
	all := make([][]*user, o.Connections)
	var named []int
	for i := range all {
		if int(o.Anonymous*float64(i+1)) > int(o.Anonymous*float64(i)) {
			all[i] = []*user{nil}
		} else {
			named = append(named, i)
		}
	}
	if len(named) == 0 {
		return all
	}
	users := make([]*user, o.Users)
	for k := range users {
		users[k] = newUser(base, o.UserCookie, k)
	}
	for k := range max(len(users), len(named)) {
		i := named[k%len(named)]
		all[i] = append(all[i], users[k%len(users)])
	}
	return all
}
