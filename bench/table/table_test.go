package table_test

import (
	"strings"
	"testing"

	"defog-cdk/bench/table"
)

func TestTableIsMarkdown(t *testing.T) {
	rows := table.New("seconds", "Go", "ratio")
	rows.Row("`cdk synth` – all", "2.31", "1.1")
	var got strings.Builder
	if err := rows.Write(&got); err != nil {
		t.Fatal(err)
	}
	want := `
| seconds           |   Go | ratio |
| ----------------- | ---: | ----: |
| ` + "`cdk synth` – all" + ` | 2.31 |   1.1 |

`
	if got.String() != want[1:] {
		t.Errorf("got\n%s\nwant\n%s", &got, want)
	}
	rows.Row("too short")
	if err := rows.Write(&got); err == nil {
		t.Error("a row without all cells is accepted")
	}
}
