import type { Color, Mark, Scene } from './scene.ts'

/** Palette turns the names of colors into colors of CSS. */
export type Palette = (color: Color) => string

const font = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif'

/** svgFile returns a drawing as an SVG file, which needs nothing of the page. */
export function svgFile(scene: Scene, palette: Palette): string {
  const { width, height } = scene
  const background = element('rect', { width, height, fill: palette('surface') })
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${escaped(font)}">` +
    `${background}${scene.marks.map(mark => markup(mark, palette)).join('')}</svg>\n`
  )
}

function markup(mark: Mark, palette: Palette): string {
  switch (mark.shape) {
    case 'path':
      return element('path', {
        d: mark.d,
        fill: mark.fill ? palette(mark.fill) : 'none',
        ...(mark.stroke && {
          stroke: palette(mark.stroke),
          'stroke-width': mark.width ?? 1,
          'stroke-linejoin': 'round',
        }),
        ...(mark.opacity && { opacity: mark.opacity }),
      })
    case 'line':
      return element('line', { x1: mark.x1, y1: mark.y1, x2: mark.x2, y2: mark.y2, stroke: palette(mark.stroke) })
    case 'text': {
      const { x, y, size, anchor, weight } = mark
      const attributes = {
        x,
        y,
        'font-size': size,
        'text-anchor': anchor,
        'font-weight': weight ?? 400,
        fill: palette(mark.fill),
      }
      return element('text', attributes, mark.text)
    }
  }
}

function element(name: string, attributes: Record<string, string | number>, text = ''): string {
  const list = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${escaped(typeof value === 'number' ? String(round(value)) : value)}"`,
  )
  return `<${name}${list.join('')}>${escaped(text)}</${name}>`
}

const round = (value: number) => Math.round(value * 100) / 100

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
// XML has no place for control characters, nor for two others.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
const controls = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g
const escaped = (text: string) => text.replace(controls, '').replace(/[&<>"]/g, character => escapes[character] ?? '')

/** paint draws on a canvas, which becomes a PNG. An image of the SVG would need a data: or blob: URL, which the policy blocks. */
export function paint(scene: Scene, palette: Palette, context: CanvasRenderingContext2D) {
  context.fillStyle = palette('surface')
  context.fillRect(0, 0, scene.width, scene.height)
  for (const mark of scene.marks) {
    context.globalAlpha = 1
    switch (mark.shape) {
      case 'path': {
        const path = new Path2D(mark.d)
        context.globalAlpha = mark.opacity ?? 1
        if (mark.fill) {
          context.fillStyle = palette(mark.fill)
          context.fill(path)
        }
        if (mark.stroke) {
          context.strokeStyle = palette(mark.stroke)
          context.lineWidth = mark.width ?? 1
          context.lineJoin = 'round'
          context.stroke(path)
        }
        break
      }
      case 'line':
        context.strokeStyle = palette(mark.stroke)
        context.lineWidth = 1
        context.beginPath()
        context.moveTo(mark.x1, mark.y1)
        context.lineTo(mark.x2, mark.y2)
        context.stroke()
        break
      case 'text':
        context.fillStyle = palette(mark.fill)
        context.font = `${mark.weight ?? 400} ${mark.size}px ${font}`
        context.textAlign = mark.anchor === 'middle' ? 'center' : mark.anchor
        context.fillText(mark.text, mark.x, mark.y)
        break
    }
  }
}
