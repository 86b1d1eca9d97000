import {
  constructTable,
  createColumnHelper,
  createSortedRowModel,
  rowSortingFeature,
  tableFeatures,
} from '@tanstack/table-core'
import { storeReactivityBindings } from '@tanstack/table-core/store-reactivity-bindings'
import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from '@tanstack/virtual-core'
import { useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks'
import { type Column, compare, display, type Row } from '../answer/columns.ts'
import { csv, tsv } from '../answer/csv.ts'
import { texts } from '../texts.ts'
import { CopyButton, fileName, save } from './actions.tsx'
import { Icon } from './icons.tsx'

interface Props {
  question: string
  columns: readonly Column[]
  rows: readonly Row[]
}

const features = tableFeatures({
  coreReactivityFeature: storeReactivityBindings(),
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
})
const helper = createColumnHelper<typeof features, Row>()

const rowHeight = 34
const padding = 28

/** TablePanel shows all rows, and holds only those in the document that can be seen. */
export function TablePanel({ question, columns, rows }: Props) {
  const table = useTable(columns, rows)
  const sorted = table.getRowModel().rows
  const scroll = useRef<HTMLDivElement>(null)
  const virtualizer = useVirtualizer(sorted.length, scroll)
  const items = virtualizer.getVirtualItems()
  const above = items[0]?.start ?? 0
  const below = virtualizer.getTotalSize() - (items.at(-1)?.end ?? 0)
  const names = columns.map(column => column.name)
  const current = () => sorted.map(row => row.original)
  const width = columns.map(column => `(${column.width}ch + ${padding}px)`).join(' + ')
  return (
    <section class="panel" aria-label={texts.table}>
      <header>
        <h3>{texts.table}</h3>
        <span class="hint">
          {texts.rows(rows.length)}, {texts.columns(columns.length)}
        </span>
        <div class="tools">
          <CopyButton name={texts.copyTable} text={() => tsv(names, current())} />
          <button
            type="button"
            class="quiet"
            aria-label={texts.downloadCSV}
            onClick={() => save(fileName(question, 'csv'), new Blob([csv(names, current())], { type: 'text/csv' }))}
          >
            <Icon name="download" />
            {texts.csv}
          </button>
        </div>
      </header>
      <div class="scroll" ref={scroll} tabIndex={0} role="group" aria-label={texts.table}>
        <table aria-rowcount={rows.length + 1} style={{ minWidth: `calc(${width})` }}>
          <colgroup>
            {columns.map(column => (
              <col key={column.index} style={{ width: `calc(${column.width}ch + ${padding}px)` }} />
            ))}
            {/* It takes the width that the others leave. */}
            <col />
          </colgroup>
          <thead>
            <tr aria-rowindex={1}>
              {table.getAllLeafColumns().map((leaf, i) => {
                const direction = leaf.getIsSorted()
                const name = columns[i]?.name || texts.unnamed(i + 1)
                return (
                  <th
                    key={leaf.id}
                    scope="col"
                    class={columns[i]?.type ?? ''}
                    aria-sort={direction === 'asc' ? 'ascending' : direction === 'desc' ? 'descending' : 'none'}
                  >
                    <button type="button" title={texts.sortBy(name)} onClick={() => leaf.toggleSorting()}>
                      <span>{name}</span>
                      <Icon name={direction === 'desc' ? 'down' : 'up'} />
                    </button>
                  </th>
                )
              })}
              <td aria-hidden="true" />
            </tr>
          </thead>
          <tbody>
            {above > 0 && <Space height={above} />}
            {items.map(item => {
              const row = sorted[item.index]
              return (
                <tr
                  key={row?.id}
                  aria-rowindex={item.index + 2}
                  data-index={item.index}
                  ref={virtualizer.measureElement}
                >
                  {columns.map(column => (
                    <Cell key={column.index} column={column} value={row?.original[column.index] ?? null} />
                  ))}
                </tr>
              )
            })}
            {below > 0 && <Space height={below} />}
          </tbody>
        </table>
      </div>
    </section>
  )
}

/** Cell shows a value on one line. A longer one is a button, which shows it whole. */
function Cell({ column, value }: { column: Column; value: Row[number] }) {
  const [isWhole, setWhole] = useState(false)
  if (value === null) return <td class={`${column.type} null`}>{texts.null}</td>
  const text = display(value)
  const isLong = text.length > column.width || text.includes('\n')
  if (!isLong) return <td class={column.type}>{text}</td>
  return (
    <td class={`${column.type} long`}>
      <button type="button" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
        {text}
      </button>
    </td>
  )
}

function Space({ height }: { height: number }) {
  return (
    <tr class="space" aria-hidden="true">
      <td style={{ height: `${height}px` }} />
    </tr>
  )
}

function useTable(columns: readonly Column[], rows: readonly Row[]) {
  const table = useMemo(() => {
    const definitions = columns.map(column =>
      // A database's null is sorted last in both directions.
      helper.accessor(row => row[column.index] ?? undefined, {
        id: String(column.index),
        sortUndefined: 'last',
        sortFn: (a, b, id) => compare(column.type, a.getValue<Row[number]>(id), b.getValue<Row[number]>(id)),
        sortDescFirst: column.type === 'number',
      }),
    )
    return constructTable({ features, columns: helper.columns(definitions), data: rows as Row[] })
  }, [columns, rows])
  const [, render] = useReducer<number, void>(n => n + 1, 0)
  useEffect(() => {
    const subscription = table.store.subscribe(() => render())
    return () => subscription.unsubscribe()
  }, [table])
  return table
}

function useVirtualizer(count: number, scroll: { current: HTMLDivElement | null }) {
  const [, render] = useReducer<number, void>(n => n + 1, 0)
  const options = {
    count,
    getScrollElement: () => scroll.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    onChange: () => render(),
    // The rows that a first drawing shows, before the element is measured.
    initialRect: { width: 0, height: 480 },
  }
  const [virtualizer] = useState(() => new Virtualizer<HTMLDivElement, HTMLTableRowElement>(options))
  virtualizer.setOptions(options)
  useLayoutEffect(() => virtualizer._didMount(), [virtualizer])
  useLayoutEffect(() => virtualizer._willUpdate())
  return virtualizer
}
