// The legend of a layer.

/** drawLegend shows the colors of a layer, and the values of the first and the last one, if there are any. */
export function drawLegend(target, layer, range) {
  const heading = document.createElement('p')
  heading.textContent = layer.units ? `${layer.title} (${layer.units})` : layer.title
  target.replaceChildren(
    heading,
    layer.classes ? classes(layer.classes) : scale(layer.colors),
    ...(layer.classes ? [] : [ends(range)]),
  )
}

function scale(colors) {
  const bar = document.createElement('div')
  bar.className = 'scale'
  bar.style.background = `linear-gradient(to right, ${colors.join(', ')})`
  return bar
}

function ends(range) {
  const line = document.createElement('div')
  line.className = 'ends'
  for (const value of range ?? []) {
    const end = document.createElement('span')
    end.textContent = String(Number(value.toPrecision(6)))
    line.append(end)
  }
  return line
}

function classes(entries) {
  const list = document.createElement('ul')
  list.className = 'classes'
  for (const { name, color } of entries) {
    const item = document.createElement('li')
    const swatch = document.createElement('span')
    swatch.className = 'swatch'
    swatch.style.background = color
    item.append(swatch, name)
    list.append(item)
  }
  return list
}
