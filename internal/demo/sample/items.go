package sample

import "net/http"

// Item is something for sale. Price is in cents.
type Item struct {
	Name  string `json:"name"`
	About string `json:"about"`
	Price int    `json:"price"`
}

var stock = []Item{
	{Name: "tea", About: "A green one from the hills, 100 g", Price: 890},
	{Name: "teapot", About: "Stoneware, holds three cups", Price: 3400},
	{Name: "cup", About: "Fits one hand, keeps warm", Price: 1250},
	{Name: "honey", About: "Lime blossom, from next door", Price: 720},
}

func (s *shop) items(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{"version": s.version, "items": stock})
}

func inStock(name string) bool {
	for _, i := range stock {
		if i.Name == name {
			return true
		}
	}
	return false
}
