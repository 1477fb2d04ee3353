// What the packet filter is to hold, and how to bring it from what it holds now to that in one transaction.
package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Ruleset is the whole content of our table. Names of chains tell their content, so a chain never changes: it comes and goes.
type Ruleset struct {
	Sets   map[string]Set
	Chains map[string][]string
}

// Set is an nftables set or, when its elements have values, a map.
type Set struct {
	Type     string
	Interval bool
	Elements map[string]string
}

func (s Set) kind() string {
	if strings.HasSuffix(s.Type, ": verdict") {
		return "map"
	}
	return "set"
}

func (s Set) declaration() string {
	if s.Interval {
		return "{ type " + s.Type + "; flags interval; }"
	}
	return "{ type " + s.Type + "; }"
}

// Replace gives the transaction that makes the table hold the ruleset, whatever it held before.
func (r Ruleset) Replace(table string) string {
	var out strings.Builder
	// Adding first makes the removal harmless where there is no table yet.
	fmt.Fprintf(&out, "add table %s\ndelete table %s\nadd table %s\n", table, table, table)
	r.writeChanges(&out, table, Ruleset{})
	return out.String()
}

// ChangeFrom gives the transaction that turns the ruleset before into this one; it is empty when they are equal.
func (r Ruleset) ChangeFrom(before Ruleset, table string) string {
	var out strings.Builder
	r.writeChanges(&out, table, before)
	return out.String()
}

// The order is what the kernel asks for: what is referred to is made first and removed last.
func (r Ruleset) writeChanges(out *strings.Builder, table string, before Ruleset) {
	for _, name := range sortedKeys(r.Sets) {
		if _, isThere := before.Sets[name]; !isThere {
			fmt.Fprintf(out, "add %s %s %s %s\n", r.Sets[name].kind(), table, name, r.Sets[name].declaration())
		}
	}
	// Chains may lead to each other, so all exist before the first gets its rules.
	added := []string{}
	for _, name := range sortedKeys(r.Chains) {
		if _, isThere := before.Chains[name]; !isThere {
			added = append(added, name)
			fmt.Fprintf(out, "add chain %s %s %s\n", table, name, hookOf(r.Chains[name]))
		}
	}
	for _, name := range added {
		for _, rule := range r.Chains[name] {
			if !isHook(rule) {
				fmt.Fprintf(out, "add rule %s %s %s\n", table, name, rule)
			}
		}
	}
	for _, name := range sortedKeys(r.Sets) {
		writeElements(out, "delete", table, name, missingFrom(before.Sets[name], r.Sets[name]))
		writeElements(out, "add", table, name, missingFrom(r.Sets[name], before.Sets[name]))
	}
	gone := []string{}
	for _, name := range sortedKeys(before.Chains) {
		if _, stays := r.Chains[name]; !stays {
			gone = append(gone, name)
			fmt.Fprintf(out, "flush chain %s %s\n", table, name)
		}
	}
	for _, name := range gone {
		fmt.Fprintf(out, "delete chain %s %s\n", table, name)
	}
	for _, name := range sortedKeys(before.Sets) {
		if _, stays := r.Sets[name]; !stays {
			fmt.Fprintf(out, "delete %s %s %s\n", before.Sets[name].kind(), table, name)
		}
	}
}

// The elements of one set that the other has not, or has with another value; in order of their keys.
func missingFrom(one, other Set) []element {
	missing := []element{}
	for key, value := range one.Elements {
		if otherValue, isThere := other.Elements[key]; !isThere || otherValue != value {
			missing = append(missing, element{key, value})
		}
	}
	slices.SortFunc(missing, func(a, b element) int { return strings.Compare(a.key, b.key) })
	return missing
}

func writeElements(out *strings.Builder, verb, table, name string, elements []element) {
	if len(elements) == 0 {
		return
	}
	texts := make([]string, 0, len(elements))
	for _, one := range elements {
		text := one.key
		if one.value != "" {
			text += " : " + one.value
		}
		texts = append(texts, text)
	}
	fmt.Fprintf(out, "%s element %s %s { %s }\n", verb, table, name, strings.Join(texts, ", "))
}

func isHook(rule string) bool { return strings.HasPrefix(rule, "{ type filter hook ") }

func hookOf(rules []string) string {
	if len(rules) > 0 && isHook(rules[0]) {
		return rules[0]
	}
	return ""
}

func sortedKeys[V any](of map[string]V) []string { return slices.Sorted(maps.Keys(of)) }
