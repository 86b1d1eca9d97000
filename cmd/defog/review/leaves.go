package review

import (
	"reflect"
)

// leaf is one changed value.
type leaf struct {
	path     string
	from, to any
}

// leaves returns the changed values of a resource, with the paths of properties
// below Properties. A list or an intrinsic function is one value. It omits the
// CDK's Metadata.
func leaves(before, after any) (changed []leaf) {
	for _, key := range union(before, after) {
		old, new := part(before, key), part(after, key)
		switch key {
		case "Metadata":
		case "Properties":
			changed = append(changed, differ("", old, new)...)
		default:
			changed = append(changed, differ(key, old, new)...)
		}
	}
	return changed
}

func differ(path string, old, new any) (changed []leaf) {
	if reflect.DeepEqual(old, new) {
		return nil
	}
	_, isOld := old.(map[string]any)
	_, isNew := new.(map[string]any)
	if path != "" && (!isOld || !isNew || isIntrinsic(old) || isIntrinsic(new)) {
		return []leaf{{path, old, new}}
	}
	for _, key := range union(old, new) {
		below := key
		if path != "" {
			below = path + "." + key
		}
		changed = append(changed, differ(below, part(old, key), part(new, key))...)
	}
	return changed
}

// union returns the sorted keys of both objects.
func union(a, b any) []string {
	keys := map[string]bool{}
	for _, object := range []any{a, b} {
		object, _ := object.(map[string]any)
		for key := range object {
			keys[key] = true
		}
	}
	return sortedKeys(keys)
}
