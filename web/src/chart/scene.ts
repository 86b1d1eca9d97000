import { extent } from 'd3-array'
import { type ScaleContinuousNumeric, type ScaleTime, scaleBand, scaleLinear, scaleUtc } from 'd3-scale'
import { line } from 'd3-shape'
import type { Kind } from './choose.ts'
import type { Data, Point } from './data.ts'

/** Color is a name that the page's theme, or a file's palette, turns into a color. */
export type Color = 'surface' | 'text' | 'muted' | 'grid' | `series${number}`

/** Mark is a shape of a drawing. SVG and canvas draw the same marks. */
export type Mark =
  | { shape: 'path'; d: string; fill?: Color; stroke?: Color; width?: number; opacity?: number }
  | { shape: 'line'; x1: number; y1: number; x2: number; y2: number; stroke: Color }
  | {
      shape: 'text'
      x: number
      y: number
      text: string
      size: number
      anchor: 'start' | 'middle' | 'end'
      fill: Color
      weight?: number
    }

/** Spot is a place of a drawing that has a value. */
export interface Spot {
  x: number
  y: number
  point: Point
}

export interface Scene {
  width: number
  height: number
  marks: Mark[]
  spots: Spot[]
}

export interface Plan {
  kind: Kind
  data: Data
  /** Whether x is a time in milliseconds. */
  isTime: boolean
  xTitle: string
  yTitle: string
  width: number
  height: number
  /** A heading for a drawing that leaves the page. */
  heading?: string
}

const small = 12
const gap = 8

/** textWidth estimates the width of a text. The drawing must not depend on a browser's fonts. */
export const textWidth = (text: string, size = small) => text.length * size * 0.56

/** draw returns the drawing of a chart. */
export function draw(plan: Plan): Scene {
  const marks: Mark[] = []
  let top = 4
  if (plan.heading) {
    marks.push({
      shape: 'text',
      x: 16,
      y: top + 24,
      text: cut(plan.heading, plan.width - 32, 16),
      size: 16,
      anchor: 'start',
      fill: 'text',
      weight: 600,
    })
    top += 44
  }
  if (plan.kind === 'value') return value(plan, marks, top)
  top = legend(plan, marks, top)
  return plan.kind === 'bar' ? bars(plan, marks, top) : cloud(plan, marks, top)
}

function value(plan: Plan, marks: Mark[], top: number): Scene {
  const point = plan.data.points[0]
  const spots: Spot[] = []
  if (point) {
    const text = grouped(point.value)
    const size = Math.min(64, Math.floor((plan.width - 32) / Math.max(1, text.length * 0.6)))
    const y = top + (plan.height - top) / 2
    marks.push({
      shape: 'text',
      x: plan.width / 2,
      y: y + size * 0.2,
      text,
      size,
      anchor: 'middle',
      fill: 'text',
      weight: 600,
    })
    marks.push({
      shape: 'text',
      x: plan.width / 2,
      y: y + size * 0.2 + 28,
      text: plan.yTitle,
      size: 14,
      anchor: 'middle',
      fill: 'muted',
    })
    spots.push({ x: plan.width / 2, y, point })
  }
  return { width: plan.width, height: plan.height, marks, spots }
}

function legend(plan: Plan, marks: Mark[], top: number): number {
  const { series } = plan.data
  if (series.length < 2) return top + 8
  let x = 16
  let y = top + 14
  series.forEach((name, i) => {
    const text = cut(name || '–', 160)
    const width = 20 + textWidth(text) + 16
    if (x > 16 && x + width > plan.width) {
      x = 16
      y += 22
    }
    marks.push({ shape: 'path', d: circle(x + 5, y - 4, 5), fill: `series${i}` })
    marks.push({ shape: 'text', x: x + 16, y, text, size: small, anchor: 'start', fill: 'text' })
    x += width
  })
  return y + 16
}

function bars(plan: Plan, marks: Mark[], top: number): Scene {
  const { categories, series, points } = plan.data
  const longest = Math.max(...categories.map(name => textWidth(name)), 0)
  const isUpright = (longest + 16) * categories.length <= plan.width - 72
  return isUpright ? columns(plan, marks, top) : rows(plan, marks, top, longest)

  function rows({ width, yTitle }: Plan, marks: Mark[], top: number, longest: number): Scene {
    const left = Math.min(longest, width * 0.38) + 16 + gap
    const thick = Math.max(24, series.length * 12 + 10)
    const bottom = top + 20 + categories.length * thick
    const height = bottom + 16
    const shown = points.map(point => grouped(point.value))
    const room = series.length === 1 ? Math.max(...shown.map(text => textWidth(text))) + gap : gap
    const y = scaleBand<number>()
      .domain(categories.keys())
      .range([top + 20, bottom])
      .paddingInner(0.28)
      .paddingOuter(0.1)
    const x = scaleLinear()
      .domain(withZero(points))
      .nice(5)
      .range([left, width - 16 - room])
    marks.push({
      shape: 'text',
      x: left,
      y: top + 8,
      text: cut(yTitle, width - left),
      size: small,
      anchor: 'start',
      fill: 'muted',
    })
    for (const tick of ticksOf(x, Math.max(2, Math.min(6, (width - left) / 90)), areWhole(points, 'y'))) {
      marks.push({ shape: 'line', x1: x(tick), x2: x(tick), y1: top + 16, y2: bottom, stroke: 'grid' })
    }
    categories.forEach((name, i) => {
      const middle = (y(i) ?? 0) + y.bandwidth() / 2
      marks.push({
        shape: 'text',
        x: left - gap,
        y: middle + 4,
        text: cut(name || '–', left - 16 - gap),
        size: small,
        anchor: 'end',
        fill: 'text',
      })
    })
    const one = y.bandwidth() / series.length
    const spots = points.map((point, i) => {
      const at = (y(point.x) ?? 0) + point.series * one
      const [from, to] = [Math.min(x(0), x(point.y)), Math.max(x(0), x(point.y))]
      marks.push({
        shape: 'path',
        d: rounded(from, at, Math.max(1, to - from), Math.max(1, one - 2), point.y < 0 ? 'left' : 'right'),
        fill: `series${point.series}`,
      })
      if (series.length === 1) {
        marks.push({
          shape: 'text',
          x: to + gap,
          y: at + one / 2 + 3,
          text: shown[i] ?? '',
          size: small,
          anchor: 'start',
          fill: 'muted',
        })
      }
      return { x: to, y: at + one / 2, point }
    })
    return { width, height, marks, spots }
  }

  function columns({ width, height, yTitle }: Plan, marks: Mark[], top: number): Scene {
    const bottom = height - 32
    const y = scaleLinear()
      .domain(withZero(points))
      .nice(5)
      .range([bottom, top + 24])
    const left = verticalAxis(marks, y, yTitle, width, top, areWhole(points, 'y'))
    const x = scaleBand<number>()
      .domain(categories.keys())
      .range([left, width - 16])
      .paddingInner(0.35)
      .paddingOuter(0.2)
    const bandwidth = Math.min(x.bandwidth(), 96)
    const one = bandwidth / series.length
    const start = (i: number) => (x(i) ?? 0) + (x.bandwidth() - bandwidth) / 2
    categories.forEach((name, i) => {
      marks.push({
        shape: 'text',
        x: start(i) + bandwidth / 2,
        y: bottom + 20,
        text: name || '–',
        size: small,
        anchor: 'middle',
        fill: 'text',
      })
    })
    const spots = points.map(point => {
      const at = start(point.x) + point.series * one
      const [from, to] = [Math.min(y(0), y(point.y)), Math.max(y(0), y(point.y))]
      marks.push({
        shape: 'path',
        d: rounded(at, from, Math.max(1, one - 2), Math.max(1, to - from), point.y < 0 ? 'bottom' : 'top'),
        fill: `series${point.series}`,
      })
      return { x: at + one / 2, y: from, point }
    })
    marks.push({ shape: 'line', x1: left, x2: width - 16, y1: y(0), y2: y(0), stroke: 'muted' })
    return { width, height, marks, spots }
  }
}

// cloud draws a line over time or points.
function cloud(plan: Plan, marks: Mark[], top: number): Scene {
  const { kind, data, isTime, width, height, xTitle, yTitle } = plan
  const { points, series } = data
  const bottom = height - (kind === 'line' ? 32 : 52)
  const [low = 0, high = 0] = extent(points, point => point.y)
  // A line far from zero would be flat on an axis that starts there.
  const startsAtZero = kind === 'line' && low >= 0 && low < high / 2
  const y = scaleLinear()
    .domain(padded(startsAtZero ? 0 : low, high))
    .nice(5)
    .range([bottom, top + 24])
  const left = verticalAxis(marks, y, yTitle, width, top, areWhole(points, 'y'))
  const [first = 0, last = 0] = extent(points, point => point.x)
  const right = width - 24
  const domain = isTime && first !== last ? [first, last] : padded(first, last)
  const x: ScaleTime<number, number> | ScaleContinuousNumeric<number, number> = isTime
    ? scaleUtc().domain(domain).range([left, right])
    : scaleLinear().domain(domain).range([left, right])
  if (kind === 'scatter' && !isTime) (x as ScaleContinuousNumeric<number, number>).nice(5)
  horizontalAxis(marks, x, isTime, bottom, width, areWhole(points, 'x'), kind === 'line')
  if (kind === 'scatter') {
    marks.push({
      shape: 'text',
      x: (left + right) / 2,
      y: height - 10,
      text: cut(xTitle, right - left),
      size: small,
      anchor: 'middle',
      fill: 'muted',
    })
  }
  const spots = points.map(point => ({ x: x(point.x), y: y(point.y), point }))
  for (const i of series.keys()) {
    const own = spots.filter(spot => spot.point.series === i)
    const color: Color = `series${i}`
    if (kind === 'scatter') {
      const radius = own.length > 500 ? 2.5 : 4
      marks.push({
        shape: 'path',
        d: own.map(spot => circle(spot.x, spot.y, radius)).join(''),
        fill: color,
        opacity: 0.65,
      })
      continue
    }
    const path = line<Spot>(
      spot => spot.x,
      spot => spot.y,
    )(own)
    if (path) marks.push({ shape: 'path', d: path, stroke: color, width: 2 })
    if (own.length <= 40) {
      marks.push({ shape: 'path', d: own.map(spot => circle(spot.x, spot.y, 3)).join(''), fill: color })
    }
  }
  return { width, height, marks, spots }
}

function verticalAxis(
  marks: Mark[],
  y: ScaleContinuousNumeric<number, number>,
  title: string,
  width: number,
  top: number,
  isWhole: boolean,
): number {
  const ticks = ticksOf(y, 5, isWhole)
  const texts = ticks.map(tick => axisNumber(tick, ticks))
  const left = Math.max(...texts.map(text => textWidth(text)), 12) + 16 + gap
  marks.push({
    shape: 'text',
    x: 16,
    y: top + 8,
    text: cut(title, width - 32),
    size: small,
    anchor: 'start',
    fill: 'muted',
  })
  ticks.forEach((tick, i) => {
    marks.push({ shape: 'line', x1: left, x2: width - 16, y1: y(tick), y2: y(tick), stroke: 'grid' })
    marks.push({
      shape: 'text',
      x: left - gap,
      y: y(tick) + 4,
      text: texts[i] ?? '',
      size: small,
      anchor: 'end',
      fill: 'muted',
    })
  })
  return left
}

function horizontalAxis(
  marks: Mark[],
  x: ScaleTime<number, number> | ScaleContinuousNumeric<number, number>,
  isTime: boolean,
  bottom: number,
  width: number,
  isWhole: boolean,
  isLine: boolean,
) {
  const count = Math.max(2, Math.floor(width / 110))
  let texts: [number, string][]
  if (isTime) {
    const scale = x as ScaleTime<number, number>
    const format = scale.tickFormat()
    texts = scale.ticks(count).map(tick => [scale(tick), format(tick)])
  } else {
    const scale = x as ScaleContinuousNumeric<number, number>
    const ticks = ticksOf(scale, count, isWhole || isLine)
    // A line's number is a year, which is written without a separator.
    texts = ticks.map(tick => [scale(tick), isLine ? String(tick) : axisNumber(tick, ticks)])
  }
  for (const [at, text] of texts) {
    marks.push({ shape: 'line', x1: at, x2: at, y1: bottom, y2: bottom + 5, stroke: 'muted' })
    marks.push({ shape: 'text', x: at, y: bottom + 20, text, size: small, anchor: 'middle', fill: 'muted' })
  }
}

function areWhole(points: readonly Point[], axis: 'x' | 'y'): boolean {
  return points.every(point => Number.isInteger(point[axis]))
}

/** ticksOf returns the ticks of a scale: of whole numbers only the whole ones, if there are any. */
function ticksOf(scale: ScaleContinuousNumeric<number, number>, count: number, isWhole: boolean): number[] {
  const ticks = scale.ticks(count)
  const whole = ticks.filter(Number.isInteger)
  return isWhole && whole.length > 0 ? whole : ticks
}

function withZero(points: readonly Point[]): [number, number] {
  const [low = 0, high = 0] = extent(points, point => point.y)
  return low === 0 && high === 0 ? [0, 1] : [Math.min(0, low), Math.max(0, high)]
}

function padded(low: number, high: number): [number, number] {
  if (low !== high) return [low, high]
  const around = Math.abs(low) / 10 || 1
  return [low - around, high + around]
}

const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 2 })
const plain = new Intl.NumberFormat('en', { maximumFractionDigits: 10 })

function axisNumber(tick: number, ticks: readonly number[]): string {
  const most = Math.max(...ticks.map(Math.abs))
  if (most >= 1e15 || (most > 0 && most < 1e-6)) return tick === 0 ? '0' : tick.toExponential()
  return most >= 10_000 ? compact.format(tick) : plain.format(tick)
}

/** grouped returns the text of a number with separators of thousands, and all its digits. */
export function grouped(text: string): string {
  const match = /^(-?)(\d+)(\.\d+)?$/.exec(text)
  if (!match) return text
  return `${match[1]}${(match[2] ?? '').replace(/\B(?=(\d{3})+$)/g, ',')}${match[3] ?? ''}`
}

function cut(text: string, width: number, size = small): string {
  const most = Math.max(3, Math.floor(width / (size * 0.56)))
  return text.length <= most ? text : `${text.slice(0, most - 1).trimEnd()}…`
}

const n = (value: number) => String(Math.round(value * 100) / 100)

function circle(x: number, y: number, r: number): string {
  return `M${n(x - r)},${n(y)}a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0Z`
}

// rounded is a rectangle whose corners at one end are round.
function rounded(
  x: number,
  y: number,
  width: number,
  height: number,
  end: 'top' | 'bottom' | 'left' | 'right',
): string {
  const r = Math.min(3, width / 2, height / 2)
  const [topLeft, topRight, bottomRight, bottomLeft] = {
    top: [r, r, 0, 0],
    right: [0, r, r, 0],
    bottom: [0, 0, r, r],
    left: [r, 0, 0, r],
  }[end] as [number, number, number, number]
  const arc = (radius: number, dx: number, dy: number) =>
    radius ? `a${n(radius)},${n(radius)} 0 0,1 ${n(dx * radius)},${n(dy * radius)}` : ''
  return (
    `M${n(x + topLeft)},${n(y)}h${n(width - topLeft - topRight)}${arc(topRight, 1, 1)}` +
    `v${n(height - topRight - bottomRight)}${arc(bottomRight, -1, 1)}` +
    `h${n(-(width - bottomLeft - bottomRight))}${arc(bottomLeft, -1, -1)}` +
    `v${n(-(height - bottomLeft - topLeft))}${arc(topLeft, 1, -1)}Z`
  )
}
