import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Column, Row } from '../answer/columns.ts'
import { type Choice, choices, options } from '../chart/choose.ts'
import { dataOf } from '../chart/data.ts'
import { paint, svgFile } from '../chart/files.ts'
import { type Color, draw, grouped, type Plan } from '../chart/scene.ts'
import { texts } from '../texts.ts'
import { fileName, save } from './actions.tsx'
import { Drawing } from './Drawing.tsx'
import { Icon } from './icons.tsx'

interface Props {
  question: string
  columns: readonly Column[]
  rows: readonly Row[]
}

/** ChartPanel shows the chart that suits the columns best. It shows nothing if none does. */
export function ChartPanel({ question, columns, rows }: Props) {
  const found = useMemo(() => choices(columns, rows), [columns, rows])
  const [choice, setChoice] = useState<Choice | undefined>(found[0])
  const body = useRef<HTMLDivElement>(null)
  const width = useWidth(body)
  const data = useMemo(() => choice && dataOf(choice, columns, rows), [choice, columns, rows])
  if (!choice || !data) return null

  const type = columns[choice.x]?.type
  const xTitle = columns[choice.x]?.name ?? ''
  const yTitle = columns[choice.y]?.name ?? ''
  const plan: Plan = {
    kind: choice.kind,
    data,
    isTime: choice.kind !== 'bar' && (type === 'date' || type === 'timestamp'),
    xTitle,
    yTitle,
    width: Math.max(width, 240),
    height: choice.kind === 'value' ? 180 : width < 480 ? 280 : 340,
  }
  const summary =
    choice.kind === 'value'
      ? texts.describeValue(yTitle, grouped(data.points[0]?.value ?? ''))
      : texts.describeChart(texts.kinds[choice.kind], xTitle, yTitle, data.points.length)
  const file = (): Plan => ({ ...plan, width: 960, height: choice.kind === 'value' ? 300 : 500, heading: question })

  return (
    <section class="panel" aria-label={texts.chart}>
      <header>
        <h3>{texts.chart}</h3>
        {found.length > 1 && (
          <div class="kinds" role="group" aria-label={texts.kind}>
            {found.map(other => (
              <button
                key={other.kind}
                type="button"
                aria-pressed={other.kind === choice.kind}
                onClick={() => other.kind !== choice.kind && setChoice(other)}
              >
                {texts.kinds[other.kind]}
              </button>
            ))}
          </div>
        )}
        <Selects choice={choice} columns={columns} rows={rows} onChange={setChoice} />
        <div class="tools">
          <button
            type="button"
            class="quiet"
            aria-label={texts.downloadPNG}
            onClick={() => savePNG(file(), fileName(question, 'png'))}
          >
            <Icon name="download" />
            {texts.png}
          </button>
          <button
            type="button"
            class="quiet"
            aria-label={texts.downloadSVG}
            onClick={() => {
              const content = svgFile(draw(file()), themeColor)
              save(fileName(question, 'svg'), new Blob([content], { type: 'image/svg+xml' }))
            }}
          >
            <Icon name="download" />
            {texts.svg}
          </button>
        </div>
      </header>
      <div class="drawing" ref={body}>
        {width > 0 && <Drawing plan={plan} summary={summary} />}
      </div>
      {data.omitted > 0 && choice.kind !== 'value' && <p class="hint note">{texts.omitted(data.omitted)}</p>}
    </section>
  )
}

interface SelectsProps {
  choice: Choice
  columns: readonly Column[]
  rows: readonly Row[]
  onChange: (choice: Choice) => void
}

/** Selects choose the columns of a chart, where there is a choice. */
function Selects({ choice, columns, rows, onChange }: SelectsProps) {
  const { x, y, series } = useMemo(() => options(choice.kind, columns, rows), [choice.kind, columns, rows])
  const shown: { label: string; part: Part; from: Column[]; none?: string }[] = []
  if (x.length > 1) shown.push({ label: texts.horizontal, part: 'x', from: x })
  if (y.length > 1) shown.push({ label: texts.vertical, part: 'y', from: y })
  const splits = series.filter(column => column.index !== choice.x)
  if (splits.length > 0) shown.push({ label: texts.split, part: 'series', from: splits, none: texts.noSplit })
  if (shown.length === 0) return null
  return (
    <div class="selects">
      {shown.map(({ label, part, from, none }) => (
        <label key={part}>
          <span>{label}</span>
          <select
            value={choice[part]}
            onChange={event => onChange(changed(choice, part, Number(event.currentTarget.value)))}
          >
            {none && <option value={-1}>{none}</option>}
            {from.map(column => (
              <option key={column.index} value={column.index}>
                {column.name}
              </option>
            ))}
          </select>
        </label>
      ))}
    </div>
  )
}

type Part = 'x' | 'y' | 'series'

// The series cannot be the categories themselves.
function changed(choice: Choice, part: Part, index: number): Choice {
  const next = { ...choice, [part]: index }
  return next.series === next.x ? { ...next, series: -1 } : next
}

function useWidth(element: { current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0)
  useEffect(() => {
    if (!element.current) return
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)))
    observer.observe(element.current)
    return () => observer.disconnect()
  }, [])
  return width
}

/** themeColor returns a color of the page's theme, light or dark. */
function themeColor(color: Color): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${color}`).trim()
}

function savePNG(plan: Plan, name: string) {
  const scene = draw(plan)
  const canvas = document.createElement('canvas')
  const scale = 2
  canvas.width = scene.width * scale
  canvas.height = scene.height * scale
  const context = canvas.getContext('2d')
  if (!context) return
  context.scale(scale, scale)
  paint(scene, themeColor, context)
  canvas.toBlob(blob => blob && save(name, blob), 'image/png')
}
