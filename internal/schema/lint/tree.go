package lint

import "encoding/json"

// node is one node of PostgreSQL's parse tree: exactly one field is set, or
// none for the kinds of nodes that no rule looks at. The names in the tags are
// PostgreSQL's own, from its parsenodes.h.
type node struct {
	AlterTable    *alterTable   `json:"AlterTableStmt"`
	AlterCommand  *alterCommand `json:"AlterTableCmd"`
	AlterDomain   *alterDomain  `json:"AlterDomainStmt"`
	AlterEnum     *alterEnum    `json:"AlterEnumStmt"`
	MoveObject    *moveObject   `json:"AlterObjectSchemaStmt"`
	Cluster       *onTable      `json:"ClusterStmt"`
	ColumnDef     *columnDef    `json:"ColumnDef"`
	Constraint    *constraint   `json:"Constraint"`
	CreateAs      *createAs     `json:"CreateTableAsStmt"`
	CreateDomain  *createDomain `json:"CreateDomainStmt"`
	CreateEnum    *createEnum   `json:"CreateEnumStmt"`
	CreateTable   *createTable  `json:"CreateStmt"`
	Const         *constant     `json:"A_Const"`
	Delete        *onTable      `json:"DeleteStmt"`
	Do            *struct{}     `json:"DoStmt"`
	Drop          *drop         `json:"DropStmt"`
	DropDatabase  *dropDatabase `json:"DropdbStmt"`
	Index         *index        `json:"IndexStmt"`
	Insert        *insert       `json:"InsertStmt"`
	List          *list         `json:"List"`
	Lock          *lock         `json:"LockStmt"`
	Name          *text         `json:"String"`
	ObjectArgs    *objectArgs   `json:"ObjectWithArgs"`
	Option        *option       `json:"DefElem"`
	Partition     *partition    `json:"PartitionCmd"`
	Refresh       *refresh      `json:"RefreshMatViewStmt"`
	Reindex       *reindex      `json:"ReindexStmt"`
	Rename        *rename       `json:"RenameStmt"`
	Select        *selection    `json:"SelectStmt"`
	Set           *set          `json:"VariableSetStmt"`
	Table         *rangeVar     `json:"RangeVar"`
	Target        *target       `json:"ResTarget"`
	Transaction   *transaction  `json:"TransactionStmt"`
	Truncate      *truncate     `json:"TruncateStmt"`
	TypeName      *typeName     `json:"TypeName"`
	Update        *update       `json:"UpdateStmt"`
	Vacuum        *vacuum       `json:"VacuumStmt"`
	VacuumedTable *onTable      `json:"VacuumRelation"`
	NullTest      *nullTest     `json:"NullTest"`
	ColumnRef     *columnRef    `json:"ColumnRef"`
	Func          *funcCall     `json:"FuncCall"`
	IndexElem     *indexed      `json:"IndexElem"`
}

type rangeVar struct {
	Schema      string `json:"schemaname"`
	Name        string `json:"relname"`
	Inherit     bool   `json:"inh"`
	Persistence string `json:"relpersistence"`
	At          int    `json:"location"`
}

// String returns the name as a person writes it.
func (r *rangeVar) String() string {
	if r.Schema == "" {
		return r.Name
	}
	return r.Schema + "." + r.Name
}

type text struct {
	Value string `json:"sval"`
}

type list struct {
	Items []node `json:"items"`
}

type onTable struct {
	Table *rangeVar `json:"relation"`
}

type alterTable struct {
	Table    *rangeVar `json:"relation"`
	Commands []node    `json:"cmds"`
	Kind     string    `json:"objtype"`
}

type alterCommand struct {
	Kind   string `json:"subtype"`
	Column string `json:"name"`
	Def    node   `json:"def"`
	IfNot  bool   `json:"missing_ok"`
}

type columnDef struct {
	Name        string   `json:"colname"`
	Type        typeName `json:"typeName"`
	Constraints []node   `json:"constraints"`
	At          int      `json:"location"`
}

type typeName struct {
	Names     []node `json:"names"`
	Modifiers []node `json:"typmods"`
	Bounds    []node `json:"arrayBounds"`
	At        int    `json:"location"`
}

type constraint struct {
	Kind       string          `json:"contype"`
	Name       string          `json:"conname"`
	Expr       json.RawMessage `json:"raw_expr"`
	Keys       []node          `json:"keys"`
	Using      string          `json:"indexname"`
	NotValid   bool            `json:"skip_validation"`
	Referenced *rangeVar       `json:"pktable"`
	Generated  string          `json:"generated_when"`
	At         int             `json:"location"`
}

type alterDomain struct {
	Kind string `json:"subtype"`
	Name []node `json:"typeName"`
	Def  node   `json:"def"`
}

type alterEnum struct {
	Name     []node `json:"typeName"`
	Old      string `json:"oldVal"`
	New      string `json:"newVal"`
	Neighbor string `json:"newValNeighbor"`
}

type moveObject struct {
	Kind   string    `json:"objectType"`
	Table  *rangeVar `json:"relation"`
	Schema string    `json:"newschema"`
}

type createAs struct {
	Into struct {
		Table *rangeVar `json:"rel"`
	} `json:"into"`
}

type createDomain struct {
	Name        []node `json:"domainname"`
	Constraints []node `json:"constraints"`
}

type createEnum struct {
	Name []node `json:"typeName"`
}

type createTable struct {
	Table    *rangeVar `json:"relation"`
	Elements []node    `json:"tableElts"`
	IfNot    bool      `json:"if_not_exists"`
}

type constant struct {
	Int *struct {
		Value int `json:"ival"`
	} `json:"ival"`
	Text *text `json:"sval"`
}

type drop struct {
	Objects    []node `json:"objects"`
	Kind       string `json:"removeType"`
	Behavior   string `json:"behavior"`
	IfExists   bool   `json:"missing_ok"`
	Concurrent bool   `json:"concurrent"`
}

type dropDatabase struct {
	Name string `json:"dbname"`
}

type index struct {
	Name       string    `json:"idxname"`
	Table      *rangeVar `json:"relation"`
	Columns    []node    `json:"indexParams"`
	Unique     bool      `json:"unique"`
	Concurrent bool      `json:"concurrent"`
	IfNot      bool      `json:"if_not_exists"`
}

type indexed struct {
	Column string `json:"name"`
}

type insert struct {
	Table *rangeVar `json:"relation"`
	From  node      `json:"selectStmt"`
}

type lock struct {
	Tables []node `json:"relations"`
	Mode   int    `json:"mode"`
}

type objectArgs struct {
	Name []node `json:"objname"`
}

type option struct {
	Name  string `json:"defname"`
	Value *node  `json:"arg"`
	At    int    `json:"location"`
}

type partition struct {
	Table      *rangeVar `json:"name"`
	Concurrent bool      `json:"concurrent"`
}

type refresh struct {
	Table      *rangeVar `json:"relation"`
	Concurrent bool      `json:"concurrent"`
}

type reindex struct {
	Kind    string    `json:"kind"`
	Table   *rangeVar `json:"relation"`
	Name    string    `json:"name"`
	Options []node    `json:"params"`
}

type rename struct {
	Kind  string    `json:"renameType"`
	On    string    `json:"relationType"`
	Table *rangeVar `json:"relation"`
	Old   string    `json:"subname"`
	New   string    `json:"newname"`
}

type selection struct {
	Into *struct {
		Table *rangeVar `json:"rel"`
	} `json:"intoClause"`
	Targets []node `json:"targetList"`
	Values  []node `json:"valuesLists"`
}

type set struct {
	Kind  string `json:"kind"`
	Name  string `json:"name"`
	Args  []node `json:"args"`
	Local bool   `json:"is_local"`
}

type target struct {
	Name  string `json:"name"`
	Value node   `json:"val"`
}

type transaction struct {
	Kind string `json:"kind"`
}

type truncate struct {
	Tables   []node `json:"relations"`
	Behavior string `json:"behavior"`
}

type update struct {
	Table   *rangeVar       `json:"relation"`
	Targets []node          `json:"targetList"`
	Where   json.RawMessage `json:"whereClause"`
}

type vacuum struct {
	Options []node `json:"options"`
	Tables  []node `json:"rels"`
}

type nullTest struct {
	Arg  node   `json:"arg"`
	Kind string `json:"nulltesttype"`
}

type columnRef struct {
	Fields []node `json:"fields"`
}

type funcCall struct {
	Name []node `json:"funcname"`
	Args []node `json:"args"`
}

// dotted returns the parts of a name as a table's name.
func dotted(parts []node) *rangeVar {
	r := &rangeVar{At: -1}
	for _, p := range parts {
		if p.Name != nil {
			r.Schema, r.Name = r.Name, p.Name.Value
		}
	}
	return r
}

// dropped returns the name of an object that a DROP names.
func dropped(n node) *rangeVar {
	switch {
	case n.List != nil:
		return dotted(n.List.Items)
	case n.TypeName != nil:
		return dotted(n.TypeName.Names)
	case n.ObjectArgs != nil:
		return dotted(n.ObjectArgs.Name)
	}
	return dotted([]node{n})
}

// has reports whether an option is given and not switched off.
func has(options []node, name string) bool {
	for _, o := range options {
		if o.Option != nil && o.Option.Name == name {
			return !off(o.Option.Value)
		}
	}
	return false
}

func off(value *node) bool {
	switch {
	case value == nil:
		return false
	case value.Name != nil:
		return value.Name.Value == "off" || value.Name.Value == "false"
	case value.Const != nil && value.Const.Int != nil:
		return value.Const.Int.Value == 0
	}
	return false
}
