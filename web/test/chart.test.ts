import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describe, type Row } from '../src/answer/columns.ts'
import type { Value } from '../src/answer/json.ts'
import { choices, maxBars, options } from '../src/chart/choose.ts'
import { dataOf } from '../src/chart/data.ts'
import { svgFile } from '../src/chart/files.ts'
import { draw, grouped, type Plan } from '../src/chart/scene.ts'

function choose(names: string[], rows: Row[]) {
  return choices(describe(names, rows), rows).map(({ kind, x, y, series }) => `${kind} ${x} ${y} ${series}`)
}

const days = (count: number) =>
  Array.from({ length: count }, (_, i) => new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10))

test('one number is a value', () => {
  assert.deepEqual(choose(['customers'], [[3]]), ['value -1 0 -1'])
  assert.deepEqual(choose(['customers'], [[null]]), [])
  assert.deepEqual(choose(['name'], [['Ada']]), [])
})

test('names and a number are bars', () => {
  assert.deepEqual(
    choose(
      ['country', 'product', 'units'],
      [
        ['Spain', 'Blend', 5],
        ['France', 'Blend', 4],
      ],
    ),
    ['bar 0 2 -1'],
  )
})

test('names that repeat are split by another column', () => {
  const rows: Row[] = [
    ['Spain', 'a', 1],
    ['Spain', 'b', 2],
    ['France', 'a', 3],
  ]
  assert.deepEqual(choose(['country', 'product', 'units'], rows), ['bar 0 2 1'])
})

test('dates and a number are a line, and bars', () => {
  const rows: Row[] = days(5).map((day, i) => [day, i])
  assert.deepEqual(choose(['day', 'revenue'], rows), ['line 0 1 -1', 'bar 0 1 -1'])
})

test('a line has one part for each series', () => {
  const rows: Row[] = days(5).flatMap(
    day =>
      [
        [day, 'a', 1],
        [day, 'b', 2],
      ] as Row[],
  )
  assert.deepEqual(choose(['day', 'shop', 'revenue'], rows)[0], 'line 0 2 1')
})

test('rows that share a place are points, not bars or a line', () => {
  const rows: Row[] = [
    ['2024-01-01', 'Spain', 1],
    ['2024-01-01', 'Spain', 2],
    ['2024-01-02', 'France', 3],
  ]
  assert.deepEqual(choose(['day', 'country', 'total'], rows), ['scatter 0 2 -1'])
})

test('years are a time and not a measure', () => {
  assert.deepEqual(
    choose(
      ['year', 'revenue'],
      [
        [2023, 5],
        [2024, 6],
      ],
    ),
    ['line 0 1 -1', 'bar 0 1 -1'],
  )
})

test('two numbers are points', () => {
  assert.deepEqual(
    choose(
      ['price', 'units'],
      [
        [1.5, 5],
        [2.5, 6],
      ],
    ),
    ['scatter 0 1 -1'],
  )
})

test('an identifier is not a measure', () => {
  assert.deepEqual(
    choose(
      ['customer_id', 'total'],
      [
        [1, 10],
        [2, 20],
      ],
    ),
    ['bar 0 1 -1'],
  )
})

test('identifiers alone have no chart', () => {
  assert.deepEqual(
    choose(
      ['id', 'kind'],
      [
        [1, 'a'],
        [2, 'b'],
      ],
    ),
    [],
  )
})

test('bars for a part of the rows are the last choice', () => {
  const rows: Row[] = Array.from({ length: 40 }, (_, i) => [`name ${i}`, i, i * i])
  assert.deepEqual(choose(['name', 'units', 'price'], rows), ['scatter 1 2 -1', 'bar 0 1 -1'])
})

test('text alone and no rows have no chart', () => {
  assert.deepEqual(
    choose(
      ['a', 'b'],
      [
        ['x', 'y'],
        ['z', 'w'],
      ],
    ),
    [],
  )
  assert.deepEqual(choose(['a'], []), [])
})

test('a chart offers the columns that fit its parts', () => {
  const rows: Row[] = [
    ['Spain', 1, 2],
    ['France', 3, 4],
  ]
  const { x, y, series } = options('bar', describe(['country', 'units', 'price'], rows), rows)
  assert.deepEqual(
    [x, y, series].map(list => list.map(column => column.name)),
    [['country'], ['units', 'price'], ['country']],
  )
})

test('rows without a number and bars over the limit are counted', () => {
  const rows: Row[] = Array.from({ length: maxBars + 3 }, (_, i) => [`name ${i}`, i === 0 ? null : i])
  const data = dataOf({ kind: 'bar', x: 0, y: 1, series: -1 }, describe(['name', 'units'], rows), rows)
  assert.equal(data.points.length, maxBars - 1)
  assert.equal(data.omitted, 4)
})

test('a line follows time whatever the order of the rows', () => {
  const rows: Row[] = [
    ['2024-03-01', 3],
    ['2024-01-01', 1],
    ['2024-02-01', 2],
  ]
  const data = dataOf({ kind: 'line', x: 0, y: 1, series: -1 }, describe(['day', 'units'], rows), rows)
  assert.deepEqual(
    data.points.map(point => point.y),
    [1, 2, 3],
  )
})

function plan(kind: Plan['kind'], names: string[], rows: Row[], width = 800): Plan {
  const columns = describe(names, rows)
  const choice = choices(columns, rows).find(other => other.kind === kind)
  assert.ok(choice, `no ${kind}`)
  const data = dataOf(choice, columns, rows)
  return {
    kind,
    data,
    isTime: columns[choice.x]?.type === 'date',
    xTitle: names[choice.x] ?? '',
    yTitle: names[choice.y] ?? '',
    width,
    height: 340,
  }
}

const drawn: [string, Plan][] = [
  ['a value', plan('value', ['customers'], [[1234567]])],
  [
    'bars',
    plan(
      'bar',
      ['country', 'units'],
      [
        ['Spain', 5],
        ['France', -3],
        ['Italy', 0],
      ],
    ),
  ],
  [
    'bars of zero',
    plan(
      'bar',
      ['country', 'units'],
      [
        ['Spain', 0],
        ['France', 0],
      ],
    ),
  ],
  [
    'bars with long names',
    plan(
      'bar',
      ['country', 'units'],
      [
        ['x'.repeat(200), 5],
        ['y', 3],
      ],
      320,
    ),
  ],
  [
    'a line',
    plan(
      'line',
      ['day', 'units'],
      days(90).map((day, i) => [day, i]),
    ),
  ],
  [
    'points of one day',
    plan(
      'scatter',
      ['day', 'units'],
      [
        ['2024-01-01', 5],
        ['2024-01-01', 6],
      ],
    ),
  ],
  [
    'points',
    plan(
      'scatter',
      ['price', 'units'],
      [
        [1e20, 5],
        [2.5, 1e-9],
      ],
    ),
  ],
]

for (const [name, what] of drawn) {
  test(`the drawing of ${name} has a place for every point`, () => {
    const scene = draw(what)
    assert.equal(scene.spots.length, what.data.points.length)
    for (const { x, y } of scene.spots) {
      assert.ok(
        x >= 0 && x <= scene.width && y >= 0 && y <= scene.height,
        `${x}, ${y} in ${scene.width} × ${scene.height}`,
      )
    }
    assert.doesNotMatch(JSON.stringify(scene.marks), /NaN|Infinity|null|undefined/)
  })
}

test('an axis of whole numbers has whole ticks', () => {
  const texts = (what: Plan) => draw(what).marks.flatMap(mark => (mark.shape === 'text' ? [mark.text] : []))
  const lines = (what: Plan) => draw(what).marks.filter(mark => mark.shape === 'line').length
  const countries = (...values: number[]): Row[] => values.map((value, i) => [`c${i}`, value])
  assert.ok(!texts(plan('bar', ['country', 'units'], countries(1, 2))).some(text => /^\d+\.\d+$/.test(text)))
  assert.deepEqual(
    texts(plan('bar', ['country', 'units'], countries(1, 2))).filter(text => /^[\d.]+$/.test(text)),
    ['0', '1', '2'],
  )
  assert.ok(texts(plan('bar', ['country', 'price'], countries(1, 1.5))).includes('0.5'))
  const long = (...values: number[]): Row[] => values.map((value, i) => ['x'.repeat(200) + i, value])
  assert.ok(
    lines(plan('bar', ['country', 'units'], long(1, 2), 640)) <
      lines(plan('bar', ['country', 'price'], long(1, 1.5), 640)),
  )
  const pairs: Row[] = [
    [1, 1],
    [2, 2],
  ]
  assert.ok(!texts(plan('scatter', ['rooms', 'units'], pairs)).some(text => text.includes('.')))
})

test('an SVG file holds text, not markup, of the answer', () => {
  const rows: Row[] = [
    ['<img src=x onerror=alert(1)>', 1],
    ['"&\u0000\uffff', 2],
  ]
  const file = svgFile(draw({ ...plan('bar', ['name', 'units'], rows), heading: '<script>' }), () => '#123456')
  assert.doesNotMatch(file, /<img|<script/)
  assert.ok(!file.includes('\u0000') && !file.includes('\uffff'))
  assert.match(file, /&lt;img src=x onerror=alert\(1\)&gt;/)
})

test('thousands are separated and digits kept', () => {
  assert.deepEqual(['1234567', '-1234.50', '123', '12345678901234567890', '1e+16', 'Ada'].map(grouped), [
    '1,234,567',
    '-1,234.50',
    '123',
    '12,345,678,901,234,567,890',
    '1e+16',
    'Ada',
  ])
})

test('numbers that no axis can hold are left out of a chart', () => {
  const rows: Row[] = [
    ['2024-01-01', 1.7e308],
    ['2024-01-02', -1.7e308],
    ['2024-01-03', 1],
  ]
  const columns = describe(['day', 'v'], rows)
  for (const choice of choices(columns, rows)) {
    const data = dataOf(choice, columns, rows)
    assert.deepEqual([data.points.length, data.omitted], [1, 2], choice.kind)
    const plan = {
      kind: choice.kind,
      data,
      isTime: choice.kind === 'line',
      xTitle: 'day',
      yTitle: 'v',
      width: 600,
      height: 340,
    }
    assert.doesNotMatch(svgFile(draw(plan), String), /NaN|Infinity/, choice.kind)
  }
})

// With each column read for each other one, 200 columns take minutes.
test('the choice of a chart reads each of many columns few times', () => {
  const count = 200
  const names = ['amount', ...Array.from({ length: count }, (_, i) => `c${i}`)]
  const columns = describe(names, [[1, ...Array.from({ length: count }, () => 'text')]])
  let reads = 0
  const cell = { toJSON: () => ++reads % 3 } as unknown as Value
  const rows = Array.from({ length: 1000 }, (_, i) => [i, ...Array.from({ length: count }, () => cell)])
  choices(columns, rows)
  assert.ok(reads > 0 && reads < 4 * rows.length * count, `${reads} reads`)
})
