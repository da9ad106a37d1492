//go:build superset

package superset_test

import (
	"context"
	"encoding/json"
	"fmt"
)

// content is what the test's Superset shows.
type content struct {
	database, dataset, dashboard int
	charts                       []int
}

// drawn is how many charts there are. Each asks the database for something
// else, and is cached by itself.
const drawn = 8

type object = map[string]any

// fill makes a database with a password, a dataset, a chart and a dashboard,
// by the API.
func fill(ctx context.Context, p *person, address string) (c content, err error) {
	make := func(kind string, what object) (id int) {
		var answer struct{ ID int }
		if err == nil {
			err = p.must(ctx, "POST", "/api/v1/"+kind+"/", what, &answer)
		}
		return answer.ID
	}
	text := func(v any) string { b, _ := json.Marshal(v); return string(b) }
	c.database = make("database", object{"database_name": "shop", "sqlalchemy_uri": address, "expose_in_sqllab": true})
	c.dataset = make("dataset", object{"database": c.database, "schema": "public", "table_name": "orders"})
	source := object{"id": c.dataset, "type": "table"}
	for i := range drawn {
		drawing := object{"datasource": source, "result_format": "json", "result_type": "full", "queries": []object{{
			"columns": []string{"town"}, "metrics": []string{"count"}, "row_limit": 100 + i, "filters": []string{}, "orderby": []string{}}}}
		c.charts = append(c.charts, make("chart", object{"slice_name": fmt.Sprintf("Orders by town, %d", i), "viz_type": "table", "datasource_id": c.dataset, "datasource_type": "table",
			"params":        text(object{"viz_type": "table", "datasource": fmt.Sprintf("%d__table", c.dataset), "groupby": []string{"town"}, "metrics": []string{"count"}}),
			"query_context": text(drawing)}))
	}
	row := []string{"ROOT_ID", "GRID_ID", "ROW-1"}
	c.dashboard = make("dashboard", object{"dashboard_title": "Shop", "slug": "shop", "published": true, "position_json": text(object{
		"DASHBOARD_VERSION_KEY": "v2",
		"ROOT_ID":               object{"type": "ROOT", "id": "ROOT_ID", "children": row[1:2]},
		"GRID_ID":               object{"type": "GRID", "id": "GRID_ID", "children": row[2:], "parents": row[:1]},
		"ROW-1":                 object{"type": "ROW", "id": "ROW-1", "children": []string{"CHART-1"}, "parents": row[:2], "meta": object{"background": "BACKGROUND_TRANSPARENT"}},
		"CHART-1":               object{"type": "CHART", "id": "CHART-1", "children": []string{}, "parents": row, "meta": object{"chartId": c.charts[0], "width": 4, "height": 50}},
	})})
	for _, chart := range c.charts {
		if err == nil {
			err = p.must(ctx, "PUT", fmt.Sprintf("/api/v1/chart/%d", chart), object{"dashboards": []int{c.dashboard}}, nil)
		}
	}
	return c, err
}
