package mcp

import (
	"encoding/json"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// tools returns the tools that the options allow.
func tools(options Options) []tool {
	rows := func(text json.RawMessage) (*sdk.CallToolResult, error) { return newRows(text, options.MaxRows) }
	all := []tool{
		{
			name: AskTool, title: "Ask the database", result: rows,
			description: "Answers a question in plain language: generates SQL, runs it read-only, and returns the SQL, the columns and the rows.",
			input: `{"type": "object", "additionalProperties": false, "required": ["question"], "properties": {
				"question": {"type": "string", "minLength": 1, "maxLength": 10000, "description": "The question, complete and specific: what, of which period, in which order."},
				"hard_filters": {"type": "string", "description": "Conditions that the SQL must keep, such as: only orders of the region Europe."},
				"previous_context": {"type": "array", "items": {}, "description": "previous_context of the last result, for a follow-up question."}}}`,
			output: rowsSchema,
		},
		{
			name: DescribeTool, title: "Describe the database", result: newDescription,
			description: "Returns tables, columns, keys and comments of the database. With a word, only the tables that contain it in a name or a comment.",
			input:       wordSchema,
			output: `{"type": "object", "required": ["db_type", "tables", "table_count", "truncated"], "properties": {
				"db_type": {"type": "string", "description": "Type of the database, which determines the SQL dialect."},
				"tables": {"type": "array", "items": {"type": "object", "required": ["name", "columns"], "properties": {
					"schema": {"type": "string"}, "name": {"type": "string"}, "view": {"type": "boolean"}, "comment": {"type": "string"},
					"columns": {"type": "array", "items": {"type": "object", "required": ["name"], "properties": {
						"name": {"type": "string"}, "type": {"type": "string"}, "not_null": {"type": "boolean"}, "comment": {"type": "string"}}}},
					"primary_key": {"type": "array", "items": {"type": "string"}},
					"foreign_keys": {"type": "array", "items": {"type": "object", "required": ["columns", "references_table"], "properties": {
						"columns": {"type": "array", "items": {"type": "string"}}, "references_schema": {"type": "string"},
						"references_table": {"type": "string"}, "references_columns": {"type": "array", "items": {"type": "string"}}}}}}}},
				"table_count": {"type": "integer", "description": "Number of all tables that match."},
				"truncated": {"type": "boolean", "description": "Tables or columns are missing: see more_tables and cut_tables."},
				"cut_tables": {"type": "array", "items": {"type": "string"}, "description": "Names of large tables without some of their columns: ask for these by a word."},
				"more_tables": {"type": "array", "items": {"type": "string"}, "description": "Names of the next tables: ask for them by a word."}}}`,
		},
		{
			name: GoldenTool, title: "Golden questions", result: newQuestions,
			description: "Returns questions with SQL that people have checked: examples for questions, and for the use of the tables. With a word, only the questions that contain it.",
			input:       wordSchema,
			output: `{"type": "object", "required": ["questions", "question_count", "truncated"], "properties": {
				"questions": {"type": "array", "items": {"type": "object", "required": ["question", "sql"], "properties": {
					"question": {"type": "string"}, "sql": {"type": "string"}}}},
				"question_count": {"type": "integer", "description": "Number of all questions that match."},
				"truncated": {"type": "boolean", "description": "Questions are missing: ask for them by a word."}}}`,
		},
	}
	if options.SQL {
		all = append(all, tool{
			name: QueryTool, title: "Query the database", result: rows,
			description: "Runs one SQL statement that only reads, and returns the columns and the rows. Use describe_database first. Prefer ask, whose SQL generator has the meaning of the tables.",
			input: `{"type": "object", "additionalProperties": false, "required": ["sql"], "properties": {
				"sql": {"type": "string", "minLength": 1, "description": "One statement in the database's dialect, without parameters."}}}`,
			output: rowsSchema,
		})
	}
	return all
}

const wordSchema = `{"type": "object", "additionalProperties": false, "properties": {
	"word": {"type": "string", "maxLength": 200, "description": "A part of a name, a comment or a question, in any case."}}}`

const rowsSchema = `{"type": "object", "required": ["sql", "request_id"], "properties": {
	"sql": {"type": "string", "description": "The SQL that ran."},
	"columns": {"type": "array", "items": {"type": "string"}, "description": "Names of the columns. Absent if the SQL did not run."},
	"rows": {"type": "array", "items": {"type": "array", "items": {}}, "description": "Rows, each a list of values in the order of columns."},
	"row_count": {"type": "integer", "description": "Number of rows in rows."},
	"truncated": {"type": "boolean", "description": "The SQL has more rows: see rest."},
	"rest": {"type": "string", "description": "Where the missing rows are, or how to get them."},
	"results": {"type": "object", "required": ["url", "expires", "row_count"], "description": "All rows as a CSV file.", "properties": {
		"url": {"type": "string"}, "expires": {"type": "string"}, "row_count": {"type": "integer"}}},
	"reason": {"description": "Explanation of the SQL."},
	"previous_context": {"type": "array", "items": {}, "description": "Send it with a follow-up question."},
	"source": {"type": "string", "enum": ["golden", "golden_similar", "model"], "description": "Where the SQL is from: a golden query of this or a similar question, or a language model."},
	"tables": {"type": "array", "items": {"type": "string"}, "description": "Tables and views that the SQL names."},
	"assumptions": {"type": "array", "items": {"type": "string"}, "description": "What the model assumed."},
	"filters": {"type": "array", "items": {"type": "string"}, "description": "Conditions of the SQL, as the model states them."},
	"confidence": {"type": "number", "description": "Share of the model's answers with these rows."},
	"samples": {"type": "integer", "description": "Number of the model's answers."},
	"schema_age": {"type": "integer", "description": "Seconds since the schema was read from the database."},
	"request_id": {"type": "string", "description": "Id of this call in the function's log."}}}`
