package generate

import (
	"encoding/json"
	"html"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// answer is the object that the prompt requests. The reason precedes the SQL,
// since an explanation first improves a model's SQL.
type answer struct {
	Reason        string   `json:"reason"`
	Assumptions   []string `json:"assumptions,omitempty"`
	Filters       []string `json:"filters,omitempty"`
	Clarification string   `json:"clarification,omitempty"`
	Options       []string `json:"options,omitempty"`
	SQL           string   `json:"sql"`
}

// Form is what an answer has beside the reason and the SQL. Each part costs tokens.
type Form struct {
	Assumptions   bool // the assumptions and filters of the SQL
	Clarification bool // a question in place of the SQL, if the caller's is ambiguous
}

// answerSchema returns the answer's JSON Schema, in the subset that OpenAI's
// strict mode supports.
func answerSchema(form Form) map[string]any {
	text := func(description string) map[string]any {
		return map[string]any{"type": "string", "description": description}
	}
	texts := func(description string) map[string]any {
		return map[string]any{"type": "array", "items": map[string]any{"type": "string"}, "description": description}
	}
	properties := map[string]any{
		"reason": text("One or two sentences that explain the query to the user, or why there is none."),
		"sql":    text("The query, or an empty text if the schema cannot answer the question."),
	}
	if form.Assumptions {
		properties["assumptions"] = texts("What the query assumes and the question leaves open.")
		properties["filters"] = texts("Each condition that limits the rows.")
	}
	if form.Clarification {
		properties["clarification"] = text("A question about an ambiguous question, else an empty text.")
		properties["options"] = texts("Complete questions, one for each meaning, else none.")
	}
	return map[string]any{
		"type":                 "object",
		"properties":           properties,
		"required":             slices.Sorted(maps.Keys(properties)),
		"additionalProperties": false,
	}
}

const (
	notAnswer = `it is not the JSON object {"reason": "…", "sql": "…"}`

	// The limits of what a model states: a text in bytes, the numbers of assumptions or
	// filters, and of options.
	maxText    = 500
	maxStated  = 10
	maxOptions = 6

	// maxVisible is the limit of a reply without reasoning, in bytes: twice
	// that of a statement.
	maxVisible = 2 * maxSQL

	// maxObjects is the limit of braces in a reply that read tries to parse.
	maxObjects = 30

	// maxAttributes is the limit of the text after a fence, in bytes.
	maxAttributes = 200

	// maxParagraph is the part of a paragraph that read examines, in bytes.
	maxParagraph = 1_000
)

// Parts of the expressions below.
const (
	gap  = `(?:\s|--[^\n]*\n|/\*(?s:.*?)\*/)`
	name = "(?:\"[^\"]+\"|`[^`]+`|\\[[^\\]]+\\]|[\\pL_][\\pL\\pN_$]*)"

	// reads matches the start of a statement that reads. The patterns are narrow,
	// so that a sentence which begins with "With" or "Select" does not match.
	reads = `(?:\(` + gap + `*)*(?:(?i:select)(?:` + gap + `+\S|[*("'` + "`" + `\[])` +
		`|(?i:with)` + gap + `+(?:(?i:recursive)` + gap + `+)?` + name + gap + `*(?:\([^()]*\)` + gap + `*)?(?i:as)` + gap + `*(?:(?i:not)` + gap + `+)?(?:(?i:materialized)` + gap + `*)?\(` +
		`|(?i:values)\s*(?:(?i:row)\s*)?\(` +
		`|(?:EXPLAIN|SHOW|DESCRIBE|DESC|TABLE|PRAGMA)\s+\S)`
)

// reader extracts an answer from a model's reply. It does not check the SQL: the
// database's guard does that in its dialect.
type reader struct {
	statement *regexp.Regexp // text that is a statement
	sentence  *regexp.Regexp // text that only resembles one
	begins    *regexp.Regexp // a statement after other text, with its comments
	inline    *regexp.Regexp // inline code
	fence     *regexp.Regexp // the line that opens a code block
	language  *regexp.Regexp // the language after the fence
	tags      *regexp.Regexp // tags of a statement
	final     *regexp.Regexp // the start of the final channel
	end       *regexp.Regexp // a token that ends the turn
	token     *regexp.Regexp // any other control token
	leading   *regexp.Regexp // control tokens at the start
	section   *regexp.Regexp // a line that begins another section
	revised   *regexp.Regexp // announces a replacement
	other     *regexp.Regexp // announces an alternative
	truncated *regexp.Regexp // the start of an object
}

// Control tokens of chat templates.
const (
	endTokens   = `<\|(?:im_end|eot_id|endoftext|end_of_text|end|return|eom_id|end_of_turn_token)\|>|</s>|<end_of_turn>|<eos>`
	otherTokens = `<\|[\w ]{1,40}\|>(?:assistant\b)?|<s>|<bos>|<start_of_turn>(?:model\b)?|\[/?inst\]|\x{feff}|\x{200b}`
)

func newReader() reader {
	return reader{
		statement: regexp.MustCompile(`^` + gap + `*` + reads),
		sentence:  regexp.MustCompile(`^(?i:select)\s+(?i:the|an|your|this|that|these|those|any|statements?|quer(?:y|ies))\s+[a-z]`),
		begins:    regexp.MustCompile(`(?m)(?:^|[:：])([\s>*_"'` + "`" + `|+-]*(?:\d+[.)]\s+)?[*_"'` + "`" + `]*)((?:(?:--[^\n]*\n|/\*(?s:.*?)\*/)\s*)*` + reads + `)`),
		inline:    regexp.MustCompile("(?s)(?:^|[^`])(?:``([^`].*?[^`])``|`([^`]+)`)(?:$|[^`])"),
		fence:     regexp.MustCompile("^[\\s>]*(?:[-*+]\\s+|\\d+[.)]\\s+)?(`{3,}|~{3,})"),
		language:  regexp.MustCompile(`^[ \t]*\{?\.?([A-Za-z][\w+#.-]*)[^\n]*`),
		tags:      regexp.MustCompile(`(?i)</?(?:sql|query|sql_?query|statement|answer|final_?answer|output|result|response|code|pre)(?:\s[^<>]*)?>|(?m:^)[ \t]*\[sql\]|\[/sql\]`),
		final:     regexp.MustCompile(`(?is)^.*<\|channel\|>final<\|message\|>`),
		end:       regexp.MustCompile(`(?i)` + endTokens),
		token:     regexp.MustCompile(`(?i)` + otherTokens),
		leading:   regexp.MustCompile(`(?i)^(?:\s|` + endTokens + `|` + otherTokens + `)+`),
		section: regexp.MustCompile(`(?im)^[\s*_#>-]*(?:sql ?results?|results?|answer|explanations?|notes?|reason(?:ing)?|rationale|` +
			`output|example|question|how it works|breakdown|assumptions?)[\s*_]*[:：]`),
		revised:   regexp.MustCompile(`(?i)\b(?:correct(?:ed|ion)|final|fix(?:ed)?|improved|revised|updated|actually|wait|oops|mistake|should be|complete|combin(?:ed|ing)|together)\b`),
		other:     regexp.MustCompile(`(?i)\b(?:alternative(?:ly)?|optional(?:ly)?|variant|equivalent|also|if you|another|example)\b`),
		truncated: regexp.MustCompile(`(?s)\{\s*["'“]?\w+["'”]?\s*:`),
	}
}

// read returns the answer in a reply, or a description of the problem for the
// model.
func (r reader) read(reply string) (a answer, problem string) {
	reply = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(reply), "\ufeff"))
	var text string
	if json.Unmarshal([]byte(reply), &text) == nil {
		reply = text // a JSON string that holds the reply
	}
	text = r.visible(reply)
	if a, ok := r.fromObject(text); ok {
		return a, ""
	}
	if !r.isStatement(text) && r.truncated.MatchString(text) {
		return a, notAnswer // SQL in an incomplete object may be incomplete, too
	}
	isHTML := strings.Contains(text, "<code") || strings.Contains(text, "<pre")
	text = r.tags.ReplaceAllStringFunc(text, func(tag string) string {
		if strings.Contains(tag, "/") {
			return "\n```\n"
		}
		return "\n```sql\n"
	})
	for _, find := range []func(string) string{r.fromBlock, r.fromText, r.fromInline} {
		if sql := find(text); sql != "" {
			if isHTML {
				sql = html.UnescapeString(sql)
			}
			return answer{SQL: sql}, ""
		}
	}
	return a, notAnswer
}

// reasoning lists the tags of sections in which models reason.
var reasoning = [][2]string{
	{"<think>", "</think>"}, {"<thinking>", "</thinking>"}, {"<thought>", "</thought>"}, {"<thoughts>", "</thoughts>"},
	{"<reasoning>", "</reasoning>"}, {"<reflection>", "</reflection>"}, {"<scratchpad>", "</scratchpad>"}, {"<analysis>", "</analysis>"},
	{"[think]", "[/think]"}, {"◁think▷", "◁/think▷"},
	{"<|begin_of_thought|>", "<|end_of_thought|>"}, {"<|start_thinking|>", "<|end_thinking|>"},
}

// visible returns the reply without reasoning, control tokens and the marks of a
// quotation. It leaves a reply unchanged that is one JSON object, whose strings may
// hold such text.
func (r reader) visible(reply string) string {
	reply = strings.ToValidUTF8(reply, "\ufffd")
	if strings.HasPrefix(reply, "{") && json.Valid([]byte(reply)) {
		return clip(reply, maxVisible)
	}
	reply = r.final.ReplaceAllString(reply, "")
	for _, tags := range reasoning {
		lower := asciiLower(reply)
		if end := strings.LastIndex(lower, tags[1]); end >= 0 {
			// Chat templates may hold the opening tag, so the reply lacks it.
			start := max(strings.Index(lower[:end], tags[0]), 0)
			if before := strings.TrimSpace(reply[:start]); before == "" || !r.isStatement(before) {
				start = 0
			}
			reply = reply[:start] + reply[end+len(tags[1]):]
		} else if start := strings.Index(lower, tags[0]); start >= 0 {
			reply = reply[:start]
		}
	}
	reply = r.leading.ReplaceAllString(reply, "")
	if at := r.end.FindStringIndex(reply); at != nil {
		reply = reply[:at[0]]
	}
	reply = strings.TrimSpace(r.token.ReplaceAllString(reply, ""))
	return clip(withoutQuotation(reply), maxVisible)
}

// withoutQuotation removes the mark of a quotation if each line has one.
func withoutQuotation(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		line, quoted := strings.CutPrefix(strings.TrimLeft(line, " "), ">")
		if !quoted {
			return text
		}
		lines[i] = strings.TrimPrefix(line, " ")
	}
	return strings.Join(lines, "\n")
}

// asciiLower returns text with A to Z in lower case and an unchanged length.
func asciiLower(text string) string {
	return strings.Map(func(letter rune) rune {
		if 'A' <= letter && letter <= 'Z' {
			return letter + ('a' - 'A')
		}
		return letter
	}, text)
}

// isStatement reports whether text begins with a statement that reads.
func (r reader) isStatement(text string) bool {
	at := r.statement.FindStringIndex(text)
	return at != nil && !r.sentence.MatchString(strings.TrimSpace(text))
}

// found is a candidate for the answer, and the text before it.
type found struct {
	answer
	before     string
	start, end int
}

// choose returns the replacement if the reply announces one, and the first
// candidate otherwise.
func (r reader) choose(candidates []found) (answer, bool) {
	if len(candidates) == 0 {
		return answer{}, false
	}
	for i, c := range slices.Backward(candidates) {
		if i > 0 && c.SQL != "" && r.revised.MatchString(c.before) && !r.other.MatchString(c.before) {
			return c.answer, true
		}
	}
	if i := slices.IndexFunc(candidates, func(c found) bool { return c.SQL != "" }); i >= 0 {
		return candidates[i].answer, true
	}
	return candidates[0].answer, true
}

// fromObject returns the answer in a JSON object, also with other text before and
// after it.
func (r reader) fromObject(text string) (answer, bool) {
	var candidates []found
	blocks := r.blocks(text)
	bare := r.isStatement(text)
	previous := 0
	for at, tries := strings.IndexByte(text, '{'), 0; at >= 0 && tries < maxObjects; tries++ {
		next := at + 1
		inStatement := slices.ContainsFunc(blocks, func(b found) bool { return b.start < at && at < b.end && r.isStatement(b.SQL) })
		if inStatement || at > 0 && text[at-1] == '\'' {
			// The braces belong to a statement.
		} else if parsed, length, ok := parseLoose(text[at:]); ok {
			if a, ok := r.answerOf(parsed, 0); ok && (!bare || r.isStatement(a.SQL)) {
				candidates = append(candidates, found{answer: a, before: text[previous:at]})
				next = at + length
				previous = next
			}
		}
		following := strings.IndexByte(text[next:], '{')
		if following < 0 {
			break
		}
		at = next + following
	}
	return r.choose(candidates)
}

// The names that models use for the answer's fields.
var (
	sqlKeys    = []string{"sql", "sqlquery", "query", "querysql", "sqlstatement", "statement", "generatedsql", "finalsql", "code"}
	reasonKeys = []string{"reason", "explanation", "reasoning", "rationale", "description", "thought", "thoughts", "analysis"}
	optionKeys = []string{"options", "choices"}
)

// separators removes what models put between the words of a name. To make it for each name
// of a long reply takes seconds.
var separators = strings.NewReplacer("_", "", "-", "", " ", "")

// field returns the first value with one of the keys, which have no separators.
func (o object) field(keys ...string) (value any, found bool) {
	for _, key := range keys {
		for _, m := range o {
			if strings.ToLower(separators.Replace(m.key)) == key {
				return m.value, true
			}
		}
	}
	return nil, false
}

// statedIn returns what an object states beside the SQL.
func statedIn(parsed object) (a answer) {
	reason, _ := parsed.field(reasonKeys...)
	a.Reason, _ = reason.(string)
	a.Reason = strings.TrimSpace(a.Reason)
	assumptions, _ := parsed.field("assumptions", "assumption")
	filters, _ := parsed.field("filters", "filter", "conditions")
	a.Assumptions, a.Filters = textsOf(assumptions, maxStated), textsOf(filters, maxStated)
	clarification, _ := parsed.field("clarification", "clarifyingquestion", "clarificationquestion")
	options, _ := parsed.field(optionKeys...)
	if nested, ok := clarification.(object); ok {
		clarification, _ = nested.field("question", "text")
		options, _ = nested.field(optionKeys...)
	}
	if text, isText := clarification.(string); isText {
		clarification = clip(text, maxText-len("…")) // without it, the refusal would have no reason
	}
	if asked := textsOf(clarification, 1); len(asked) > 0 {
		a.Clarification, a.Options = asked[0], textsOf(options, maxOptions)
	}
	return a
}

// answerOf returns the answer in an object or in one of its values, as in the
// arguments of a tool call.
func (r reader) answerOf(parsed object, depth int) (a answer, ok bool) {
	a = statedIn(parsed)
	if value, found := parsed.field(sqlKeys...); found {
		switch value := value.(type) {
		case string:
			a.SQL, ok = r.tidy(value), true
		case objectList:
			var lines []string
			for _, line := range value {
				if text, isText := line.(string); isText {
					lines = append(lines, text)
				}
			}
			a.SQL = r.tidy(strings.Join(lines, "\n"))
			ok = a.SQL != "" && len(lines) == len(value)
		case nil:
			ok = a.Reason != "" || a.Clarification != "" // null: the model has no query
		}
		if placeholder := strings.Trim(a.SQL, "<>…. "); ok && a.SQL != "" && (placeholder == "" || strings.EqualFold(placeholder, "the query")) {
			ok = false // the prompt's example
		}
		if ok {
			return a, true
		}
	}
	// A query inside precedes a clarification, which some models fill without need.
	asks := a.Clarification != "" && a.SQL == ""
	if depth == maxDepth {
		return a, asks
	}
	for _, m := range parsed {
		var inner object
		switch value := m.value.(type) {
		case object:
			inner = value
		case string:
			if value = strings.TrimSpace(value); strings.HasPrefix(value, "{") {
				inner, _, _ = parseLoose(value)
			}
		case objectList:
			if len(value) > 0 && !asks { // not one of the options
				inner, _ = value[0].(object)
			}
		}
		if nested, ok := r.answerOf(inner, depth+1); ok && (!asks || nested.SQL != "") {
			return nested, true
		}
	}
	return a, asks
}

// textsOf returns the texts of a list, or one text, each once. It drops empty ones, words
// for none, the prompt's example and those over the limit of a text or of their number.
func textsOf(value any, limit int) []string {
	values, isList := value.(objectList)
	if !isList {
		values = objectList{value}
	}
	var texts []string
	for _, value := range values {
		text, _ := value.(string)
		text = strings.Join(strings.Fields(text), " ")
		isNone := slices.Contains([]string{"", "…", "...", "none", "n/a", "null", "what the query assumes", "a condition"}, strings.TrimRight(strings.ToLower(text), "."))
		if !isNone && len(text) <= maxText && !slices.Contains(texts, text) && len(texts) < limit {
			texts = append(texts, text)
		}
	}
	return texts
}

// blocks returns the code blocks of text.
func (r reader) blocks(text string) []found {
	var blocks []found
	at, previous := 0, 0
	for at < len(text) {
		line, _, _ := strings.Cut(text[at:], "\n")
		open := r.fence.FindStringSubmatchIndex(line)
		if open == nil {
			at += len(line) + 1
			continue
		}
		fence := line[open[2]:open[3]]
		content := at + open[1]
		attributes := line[open[1]:min(len(line), open[1]+maxAttributes)]
		if info := r.language.FindStringSubmatch(attributes); info != nil && !r.isStatement(text[content:]) {
			content += strings.Index(attributes, info[1]) + len(info[1])
			if remainder := text[content:]; !r.isStatement(remainder) {
				if next := strings.IndexByte(remainder, '\n'); next >= 0 && !strings.Contains(remainder[:next], fence) {
					content += next // attributes after the language
				}
			}
		}
		end, after := len(text), len(text)
		if i := strings.Index(text[content:], fence); i >= 0 {
			end = content + i
			after = end + len(fence)
		}
		body := text[content:end]
		blocks = append(blocks, found{answer: answer{SQL: body}, before: text[previous:at], start: content, end: end})
		if end == len(text) {
			blocks[len(blocks)-1].SQL = r.withoutExplanation(body)
		}
		at, previous = after, after
	}
	return blocks
}

// fromBlock returns the statement in a code block. A block whose statement does
// not read is returned if there is no other, for the error of the database's guard.
func (r reader) fromBlock(text string) string {
	var reading, writing []found
	for _, block := range r.blocks(text) {
		block.SQL = r.tidy(block.SQL)
		switch {
		case r.isStatement(block.SQL) || isPlainRead(block.SQL):
			reading = append(reading, block)
		case isWrite(block.SQL):
			writing = append(writing, block)
		}
	}
	if len(reading) == 0 && r.fromText(text) == "" {
		reading = writing
	}
	a, _ := r.choose(reading)
	return a.SQL
}

// isPlainRead reports whether text begins with a keyword that reads, in any case,
// which is sufficient within a code block.
func isPlainRead(text string) bool {
	return slices.Contains([]string{"select", "with", "values", "explain", "show", "describe", "desc", "table", "pragma", "from"}, firstWord(text))
}

// isWrite reports whether text begins with another keyword of SQL.
func isWrite(text string) bool {
	return slices.Contains([]string{
		"insert", "update", "delete", "merge", "create", "drop", "alter", "truncate", "grant", "revoke", "set", "use",
		"call", "exec", "execute", "do", "declare", "begin", "copy", "replace", "vacuum", "analyze",
	}, firstWord(text))
}

// firstWord returns the first word of text after comments, in lower case.
func firstWord(text string) string {
	for {
		text = strings.TrimSpace(text)
		var end string
		switch {
		case strings.HasPrefix(text, "--"), strings.HasPrefix(text, "#"):
			end = "\n"
		case strings.HasPrefix(text, "/*"):
			end = "*/"
		default:
			word := strings.TrimLeft(text, "(")
			if i := strings.IndexFunc(word, func(r rune) bool { return !unicode.IsLetter(r) }); i >= 0 {
				word = word[:i]
			}
			return strings.ToLower(word)
		}
		_, text, _ = strings.Cut(text, end)
	}
}

// fromText returns the first statement at the start of a line or after a colon.
func (r reader) fromText(text string) string {
	for at := 0; at < len(text); {
		match := r.begins.FindStringSubmatchIndex(text[at:])
		if match == nil {
			return ""
		}
		start := at + match[4]
		statement := text[start:]
		if r.sentence.MatchString(statement) {
			at = start + 1
			continue
		}
		statement = r.withoutExplanation(statement)
		markup := strings.TrimSpace(text[at+match[2] : at+match[3]])
		if mark, _ := utf8.DecodeLastRuneInString(markup); strings.ContainsRune("\"'`*_", mark) {
			// The mark before the statement has a counterpart after it.
			statement = strings.TrimRight(statement, " \t\r\n;")
			if strings.Count(statement, string(mark))%2 == 1 || mark == '*' {
				statement = strings.TrimRight(statement, string(mark))
			}
		}
		return r.tidy(statement)
	}
	return ""
}

// fromInline returns the statement in inline code.
func (r reader) fromInline(text string) string {
	for _, match := range r.inline.FindAllStringSubmatch(text, -1) {
		if sql := r.tidy(match[1] + match[2]); r.isStatement(sql) {
			return sql
		}
	}
	return ""
}

// tidy removes a fence, a label and the semicolon at the end.
func (r reader) tidy(sql string) string {
	sql = strings.TrimSpace(sql)
	if r.fence.MatchString(sql) {
		if blocks := r.blocks(sql); len(blocks) > 0 {
			sql = strings.TrimSpace(blocks[0].SQL)
		}
	}
	if label, after, found := strings.Cut(sql, ":"); found && len(label) <= 20 && !strings.ContainsAny(label, "'\"\n(") && r.isStatement(after) && !r.isStatement(sql) {
		sql = after
	}
	return strings.TrimRight(strings.TrimSpace(sql), "; \t\r\n")
}

// withoutExplanation removes the text after a statement. It cuts only at the end of
// a line, outside quotes and parentheses, and only before text that is not SQL.
func (r reader) withoutExplanation(text string) string {
	if end := strings.Index(text, "```"); end >= 0 {
		text = text[:end]
	}
	outside := outsideOf(text)
	complete := func(end int) bool { return outside[end] && endsStatement(text[:end]) }
	if at := r.section.FindStringIndex(text); at != nil && complete(at[0]) {
		text = text[:at[0]]
	}
	for i, c := range text {
		if c != ';' && c != '\n' || !complete(i) {
			continue
		}
		after := text[i+1:]
		next := strings.TrimSpace(after[:min(len(after), maxParagraph)])
		switch {
		case next == "":
			return text[:i]
		case c == ';' && !continuesSQL(next):
			return text[:i]
		case c == '\n' && isSentence(next, strings.HasPrefix(strings.TrimLeft(after, " \t\r"), "\n")):
			return text[:i]
		}
	}
	return text
}

// endsStatement reports whether text may be a whole statement: it does not end with
// an operator or a keyword.
func endsStatement(text string) bool {
	text = strings.TrimRight(text, "; \t\r\n")
	if text == "" || strings.ContainsAny(text[len(text)-1:], ",(+-/=<>|&.") {
		return false
	}
	tail := text[max(0, len(text)-40):]
	last := tail[strings.LastIndexAny(tail, " \t\r\n(")+1:]
	return !sqlWord(last) || endsSQL(last)
}

// endsSQL reports whether a keyword may be the last word of a statement.
func endsSQL(word string) bool {
	return slices.Contains([]string{"end", "asc", "desc", "true", "false", "null", "first", "last", "only", "rows", "row", "date", "year", "month", "day", "hour", "minute", "user", "current_date", "update"}, strings.ToLower(word))
}

// outsideOf reports for each offset of text, its length included, whether it is
// outside quotes, comments and parentheses. The databases differ in backslashes,
// so an offset is outside if that holds with or without escapes.
func outsideOf(text string) []bool {
	outside := make([]bool, len(text)+1)
	for _, backslash := range []bool{false, true} {
		depth := 0
		for i := 0; i <= len(text); i++ {
			outside[i] = outside[i] || depth == 0
			if i == len(text) {
				break
			}
			end := ""
			switch c := text[i]; {
			case c == '(':
				depth++
			case c == ')':
				depth--
			case c == '\'', c == '"', c == '`':
				end = string(c)
			case strings.HasPrefix(text[i:], "--"):
				end = "\n"
			case strings.HasPrefix(text[i:], "/*"):
				end = "*/"
			}
			if end == "" {
				continue
			}
			for i++; i < len(text) && !strings.HasPrefix(text[i:], end); i++ {
				if backslash && text[i] == '\\' && len(end) == 1 && end != "\n" {
					i++
				}
			}
			if end == "\n" {
				i-- // the line break is outside
			} else {
				i += len(end) - 1
			}
		}
	}
	return outside
}

// continuesSQL reports whether the text after a semicolon may be a statement.
func continuesSQL(text string) bool {
	switch {
	case isMarkup(text):
		return false
	case !unicode.IsLetter(firstRune(text)):
		return true
	}
	return (isWrite(text) || isPlainRead(text) || slices.Contains([]string{"commit", "rollback", "go", "end", "reset"}, firstWord(text))) &&
		!isSentence(text, true)
}

// isMarkup reports whether text begins with a mark of Markdown.
func isMarkup(text string) bool {
	for _, mark := range []string{"**", "* ", "# ", "## ", "### ", "> ", "- ", "1. ", "```", "~~~", "---"} {
		if strings.HasPrefix(text, mark) {
			return true
		}
	}
	return false
}

// isSentence reports whether text begins with a sentence or a mark of Markdown.
// At the start of a paragraph it accepts weaker signs than within one.
func isSentence(text string, starts bool) bool {
	if isMarkup(text) {
		return starts
	}
	paragraph, _, _ := strings.Cut(strings.ReplaceAll(text[:min(len(text), maxParagraph)], "\r", ""), "\n\n")
	words := strings.Fields(paragraph)
	if len(words) < 3 || !unicode.IsLetter(firstRune(paragraph)) {
		return false
	}
	first := firstRune(paragraph)
	second, _ := utf8.DecodeRuneInString(words[0][utf8.RuneLen(first):])
	title := unicode.IsUpper(first) && !unicode.IsUpper(second) || !unicode.IsUpper(first) && !unicode.IsLower(first)
	last, _ := utf8.DecodeLastRuneInString(strings.TrimRight(paragraph, "*_)\"'`\r\n\t "))
	ends := strings.ContainsRune(".:!?。：！？", last)
	keyword := sqlWord(firstWord(paragraph)) || isWrite(paragraph)
	switch {
	case title && ends:
		return starts || !keyword
	case starts && !keyword:
		return ends || title && !strings.ContainsAny(paragraph, "=();,")
	}
	return false
}

func firstRune(text string) rune {
	letter, _ := utf8.DecodeRuneInString(text)
	return letter
}

// clauseWords lists words that continue a statement and are not reserved.
var clauseWords = strings.Fields(`qualify pivot unpivot sample prewhere option collate escape respect ignore nulls last
	straight_join semi anti asof apply outer array map struct lateral offset go`)

// sqlWord reports whether word is a keyword that may stand within a statement.
func sqlWord(word string) bool {
	word = strings.ToLower(word)
	return slices.Contains(reservedWords, word) || slices.Contains(clauseWords, word)
}
