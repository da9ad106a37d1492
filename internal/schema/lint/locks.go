package lint

// gentle are the parts of ALTER TABLE that let readers go on. What is not
// listed takes an ACCESS EXCLUSIVE lock.
var gentle = map[string]bool{
	"AT_ValidateConstraint": true, "AT_SetStatistics": true, "AT_SetOptions": true, "AT_ResetOptions": true,
	"AT_ClusterOn": true, "AT_DropCluster": true, "AT_AttachPartition": true, "AT_DetachPartitionFinalize": true,
	"AT_EnableTrig": true, "AT_DisableTrig": true, "AT_EnableAlwaysTrig": true, "AT_EnableReplicaTrig": true,
	"AT_EnableTrigAll": true, "AT_DisableTrigAll": true, "AT_EnableTrigUser": true, "AT_DisableTrigUser": true,
	"AT_SetRelOptions": true, "AT_ResetRelOptions": true,
}

// accessExclusive is the mode of a LOCK that keeps readers out.
const accessExclusive = 8

// exclusive lists the tables in use that the statement keeps readers out of.
func (s *statement) exclusive() []*rangeVar {
	var list []*rangeVar
	for _, r := range s.excluded() {
		if s.script.used(r) {
			list = append(list, r)
		}
	}
	return list
}

func (s *statement) excluded() []*rangeVar {
	switch {
	case s.AlterTable != nil:
		for _, c := range s.commands() {
			if !c.gentle() {
				return []*rangeVar{s.AlterTable.Table}
			}
		}
	case s.Rename != nil && s.Rename.Table != nil && (s.Rename.Kind == "OBJECT_TABLE" || s.Rename.On == "OBJECT_TABLE"):
		return []*rangeVar{s.Rename.Table}
	case s.MoveObject != nil && s.MoveObject.Kind == "OBJECT_TABLE":
		return []*rangeVar{s.MoveObject.Table}
	case s.Drop != nil && s.Drop.Kind == "OBJECT_TABLE":
		return droppedAll(s.Drop.Objects)
	case s.Truncate != nil:
		return tables(s.Truncate.Tables)
	case s.Lock != nil && s.Lock.Mode == accessExclusive:
		return tables(s.Lock.Tables)
	case s.Cluster != nil && s.Cluster.Table != nil:
		return []*rangeVar{s.Cluster.Table}
	}
	return nil
}

func (c *alterCommand) gentle() bool {
	if gentle[c.Kind] {
		return true
	}
	if c.Kind == "AT_DetachPartition" {
		return c.Def.Partition != nil && c.Def.Partition.Concurrent
	}
	return c.Kind == "AT_AddConstraint" && c.Def.Constraint != nil && c.Def.Constraint.Kind == "CONSTR_FOREIGN"
}

// waits reports whether the statement has to wait for a lock that, while it
// waits, makes users queue behind it.
func (s *statement) waits() bool {
	switch {
	case len(s.exclusive()) > 0, s.Drop != nil && !s.Drop.Concurrent && s.Drop.Kind == "OBJECT_INDEX":
		return true
	case s.AlterTable != nil:
		return len(s.usedCommands()) > 0
	case s.Index != nil:
		return !s.Index.Concurrent && s.script.used(s.Index.Table)
	case s.CreateTable != nil:
		return s.refersToUsed()
	}
	return false
}

// refersToUsed reports whether a new table has a foreign key to one in use,
// which then gets a lock against writers.
func (s *statement) refersToUsed() bool {
	for _, e := range s.CreateTable.Elements {
		parts := []node{e}
		if e.ColumnDef != nil {
			parts = e.ColumnDef.Constraints
		}
		for _, p := range parts {
			if p.Constraint != nil && s.script.used(p.Constraint.Referenced) {
				return true
			}
		}
	}
	return false
}

func tables(nodes []node) []*rangeVar {
	var list []*rangeVar
	for _, n := range nodes {
		if n.Table != nil {
			list = append(list, n.Table)
		}
	}
	return list
}

func droppedAll(nodes []node) []*rangeVar {
	var list []*rangeVar
	for _, n := range nodes {
		list = append(list, dropped(n))
	}
	return list
}
