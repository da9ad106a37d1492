package lint

import "encoding/json"

// steady are functions that give one value for a whole statement, so that a
// default made of them is worked out once and stored in the catalogue.
var steady = map[string]bool{
	"now": true, "transaction_timestamp": true, "statement_timestamp": true, "lower": true, "upper": true, "concat": true,
	"coalesce": true, "date_trunc": true, "to_timestamp": true, "make_interval": true, "make_date": true, "timezone": true,
	"jsonb_build_object": true, "json_build_object": true, "jsonb_build_array": true, "json_build_array": true, "array": true,
	"current_setting": true, "current_database": true, "md5": true, "length": true, "round": true, "abs": true,
	"to_jsonb": true, "to_json": true, "int4range": true, "int8range": true, "numrange": true, "tstzrange": true, "daterange": true,
}

// volatile returns the name of a function in an expression that may give
// another value for every row, "" if there is none. What is not known to be
// steady counts as volatile: the text does not show it.
func volatile(expr json.RawMessage) string {
	var tree any
	if len(expr) == 0 || json.Unmarshal(expr, &tree) != nil {
		return ""
	}
	return volatileIn(tree)
}

func volatileIn(tree any) string {
	switch t := tree.(type) {
	case []any:
		for _, item := range t {
			if name := volatileIn(item); name != "" {
				return name
			}
		}
	case map[string]any:
		for kind, value := range t {
			if kind == "FuncCall" {
				if name := unsteady(value); name != "" {
					return name
				}
			}
			if name := volatileIn(value); name != "" {
				return name
			}
		}
	}
	return ""
}

func unsteady(call any) string {
	data, err := json.Marshal(call)
	var f funcCall
	if err != nil || json.Unmarshal(data, &f) != nil {
		return "a function"
	}
	if name := dotted(f.Name).Name; !steady[name] {
		return name
	}
	return ""
}
