package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// record is a line of the ledger: a start or an end of an item in a process.
type record struct {
	start   bool
	item    int
	process int
	at      time.Time
}

// readLedger returns the records in the order in which they were written. A missing
// file is an empty ledger.
func readLedger(path string) (records []record, err error) {
	file, err := os.Open(filepath.Clean(path))
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return parseLedger(file)
}

func parseLedger(ledger io.Reader) (records []record, err error) {
	for lines := bufio.NewScanner(ledger); lines.Scan(); {
		var r record
		var what string
		var nanoseconds int64
		if _, err := fmt.Sscan(lines.Text(), &what, &r.item, &r.process, &nanoseconds); err != nil {
			return nil, fmt.Errorf("ledger: %q: %w", lines.Text(), err)
		}
		r.start, r.at = what == "start", time.Unix(0, nanoseconds)
		records = append(records, r)
	}
	return records, nil
}

// ended returns how many items ended at least once.
func ended(records []record) int {
	items := map[int]bool{}
	for _, r := range records {
		if !r.start {
			items[r.item] = true
		}
	}
	return len(items)
}

// unfinished returns the last record of each process that is in the middle of an item,
// the newest first.
func unfinished(records []record) (found []record) {
	seen := map[int]bool{}
	for _, r := range slices.Backward(records) {
		if !seen[r.process] && r.start {
			found = append(found, r)
		}
		seen[r.process] = true
	}
	return found
}

// kill is one kill of the campaign.
type kill struct {
	what    string       // client, function, execution or AWS
	at      time.Time    // when it has taken effect
	done    map[int]bool // items that were done by then
	process int          // of the killed function
}

// endsItems reports whether a kill ends all items that are in flight.
func endsItems(what string) bool { return what == "execution" || what == "AWS" }

// verdict is what a ledger shows after a campaign.
type verdict struct {
	lost     []int // items that never ended, or are not done
	twice    []int // items that ended more than once and were in flight at a kill
	doubled  []int // items that ended more than once without that reason
	repeated []int // items that started again after a kill by which they were done
}

// judge compares the ledger of n items, of which some are done, with the kills. A kill
// meets at most as many items as are in flight.
func judge(n, inFlight int, records []record, done map[int]bool, kills []kill) (v verdict) {
	starts, ends := make([][]time.Time, n), make([]int, n)
	last := map[int]int{} // item of each process
	for _, r := range records {
		last[r.process] = r.item
		if r.start {
			starts[r.item] = append(starts[r.item], r.at)
		} else {
			ends[r.item]++
		}
	}
	met := make([]int, len(kills)) // items that ran twice because of each kill
	for item := range n {
		reason := slices.IndexFunc(kills, func(k kill) bool {
			of, known := last[k.process]
			return known && of == item || endsItems(k.what) && !k.done[item] && len(starts[item]) > 0 && starts[item][0].Before(k.at)
		})
		switch {
		case ends[item] == 0 || !done[item]:
			v.lost = append(v.lost, item)
		case ends[item] > 1 && reason >= 0 && met[reason] < inFlight:
			met[reason]++
			v.twice = append(v.twice, item)
		case ends[item] > 1:
			v.doubled = append(v.doubled, item)
		}
		if slices.ContainsFunc(kills, func(k kill) bool {
			return k.done[item] && slices.ContainsFunc(starts[item], k.at.Before)
		}) {
			v.repeated = append(v.repeated, item)
		}
	}
	return v
}
