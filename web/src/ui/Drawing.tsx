import { useMemo, useState } from 'preact/hooks'
import { type Color, draw, grouped, type Mark, type Plan, type Spot } from '../chart/scene.ts'

interface Props {
  plan: Plan
  /** The description of the chart for a screen reader. */
  summary: string
}

const color = (name: Color) => `var(--${name})`
const reach = 60

/** Drawing shows a chart as SVG. The pointer and the arrow keys show the values of its points. */
export function Drawing({ plan, summary }: Props) {
  const { kind, data, isTime, xTitle, yTitle, width, height } = plan
  const scene = useMemo(() => draw(plan), [kind, data, isTime, xTitle, yTitle, width, height])
  const [at, setAt] = useState(-1)
  const spot = kind === 'value' ? undefined : scene.spots[at]
  const step = (by: number) => setAt(i => Math.max(0, Math.min(scene.spots.length - 1, i < 0 ? 0 : i + by)))
  return (
    <>
      <svg
        role="img"
        aria-label={summary}
        tabIndex={kind === 'value' ? undefined : 0}
        width={scene.width}
        height={scene.height}
        viewBox={`0 0 ${scene.width} ${scene.height}`}
        onPointerMove={event => {
          const box = event.currentTarget.getBoundingClientRect()
          setAt(nearest(scene.spots, event.clientX - box.left, event.clientY - box.top))
        }}
        onPointerLeave={() => setAt(-1)}
        onBlur={() => setAt(-1)}
        onKeyDown={event => {
          const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key]
          if (!by || kind === 'value') return
          event.preventDefault()
          step(by)
        }}
      >
        {scene.marks.map((mark, i) => (
          <Shape key={i} mark={mark} />
        ))}
        {spot && (
          <circle
            cx={spot.x}
            cy={spot.y}
            r={5}
            fill={color('surface')}
            stroke={color(`series${spot.point.series}`)}
            stroke-width={2.5}
          />
        )}
      </svg>
      {spot && <Tip spot={spot} plan={plan} width={scene.width} />}
      <p class="unseen" role="status">
        {spot && words(spot, plan)}
      </p>
    </>
  )
}

function Shape({ mark }: { mark: Mark }) {
  switch (mark.shape) {
    case 'path':
      return (
        <path
          d={mark.d}
          fill={mark.fill ? color(mark.fill) : 'none'}
          stroke={mark.stroke && color(mark.stroke)}
          stroke-width={mark.width}
          stroke-linejoin="round"
          opacity={mark.opacity}
        />
      )
    case 'line':
      return <line x1={mark.x1} x2={mark.x2} y1={mark.y1} y2={mark.y2} stroke={color(mark.stroke)} />
    case 'text':
      return (
        <text
          x={mark.x}
          y={mark.y}
          font-size={mark.size}
          font-weight={mark.weight}
          text-anchor={mark.anchor}
          fill={color(mark.fill)}
        >
          {mark.text}
        </text>
      )
  }
}

function Tip({ spot, plan, width }: { spot: Spot; plan: Plan; width: number }) {
  const { data, xTitle, yTitle } = plan
  const series = data.series.length > 1 ? data.series[spot.point.series] : ''
  const isRight = spot.x > width / 2
  const style = isRight
    ? { right: `${width - spot.x + 14}px`, top: `${spot.y}px` }
    : { left: `${spot.x + 14}px`, top: `${spot.y}px` }
  return (
    <div class="tip" style={style} aria-hidden="true">
      <strong>{plan.kind === 'scatter' ? `${xTitle} ${spot.point.label}` : spot.point.label || '–'}</strong>
      <span>
        {series && `${series} · `}
        {yTitle} {grouped(spot.point.value)}
      </span>
    </div>
  )
}

function words({ point }: Spot, { data, xTitle, yTitle }: Plan): string {
  const series = data.series.length > 1 ? `${data.series[point.series]}, ` : ''
  return `${series}${xTitle} ${point.label}, ${yTitle} ${grouped(point.value)}`
}

function nearest(spots: readonly Spot[], x: number, y: number): number {
  let found = -1
  let least = reach * reach
  spots.forEach((spot, i) => {
    const distance = (spot.x - x) ** 2 + (spot.y - y) ** 2
    if (distance < least) {
      least = distance
      found = i
    }
  })
  return found
}
