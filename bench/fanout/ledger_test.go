package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestJudgeFindsLostAndRepeatedItems(t *testing.T) {
	records, err := parseLedger(strings.NewReader(`start 0 7 100
end 0 7 200
start 1 7 300
start 2 8 300
end 1 7 400
start 3 8 450
start 2 9 600
end 2 9 700
start 3 9 800
end 3 9 900
end 3 8 950
start 5 7 955
end 5 7 955
start 5 9 956
end 5 9 957
start 4 9 960
end 4 9 970
start 4 9 980
end 4 9 990
start 0 9 991
`))
	if err != nil {
		t.Fatal(err)
	}
	at := func(i int) kill { return kill{at: records[i].at.Add(50)} }
	function, engine := at(4), at(5)
	function.what, function.process = "function", 7
	engine.what, engine.done = "execution", map[int]bool{0: true, 1: true}
	done := map[int]bool{0: true, 1: true, 2: true, 3: true, 4: true, 5: true}
	got := judge(7, 2, records, done, []kill{function, engine})
	want := verdict{lost: []int{6}, twice: []int{3, 5}, doubled: []int{4}, repeated: []int{0}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(verdict{})); diff != "" {
		t.Error(diff)
	}

	if got := judge(7, 0, records, done, []kill{function, engine}); !cmp.Equal(got.doubled, []int{3, 4, 5}) {
		t.Errorf("doubled: %v, want 3, 4 and 5, because nothing was in flight", got.doubled)
	}

	delete(done, 1)
	if got := judge(6, 2, records, done, nil); !cmp.Equal(got.lost, []int{1}) || !cmp.Equal(got.doubled, []int{3, 4, 5}) {
		t.Errorf("without kills: %+v, want 1 lost, and 3, 4 and 5 doubled", got)
	}
	if got := unfinished(records[:6]); len(got) != 1 || got[0].item != 3 {
		t.Errorf("unfinished: %+v, want item 3", got)
	}
	if got := ended(records); got != 6 {
		t.Errorf("%d items ended, want 6", got)
	}
}
