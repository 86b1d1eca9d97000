// Lines of latitude and longitude with their degrees: the map has no other background.

const steps = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 45, 90]

/** drawGraticule replaces the lines in a group by those of the view, at least 90 pixels apart. */
export function drawGraticule(group, view, size) {
  group.clearLayers()
  const wanted = ((view.getEast() - view.getWest()) / size.x) * 90
  const step = steps.find(step => step >= wanted) ?? 90
  const west = Math.max(view.getWest(), -360)
  const east = Math.min(view.getEast(), 360)
  const south = Math.max(view.getSouth(), -90)
  const north = Math.min(view.getNorth(), 90)
  for (const lon of multiples(step, west, east)) {
    addLine(group, [south, lon], [north, lon])
    addText(group, [south, lon], degrees(lon, 'EW'), [-3, 20])
  }
  for (const lat of multiples(step, south, north)) {
    addLine(group, [lat, west], [lat, east])
    if (lat > -90) addText(group, [lat, west], degrees(lat, 'NS'), [-50, 18])
  }
}

function multiples(step, from, to) {
  const found = []
  for (let index = Math.ceil(from / step); index * step <= to; index++) found.push(index * step)
  return found
}

function addLine(group, from, to) {
  L.polyline([from, to], { className: 'line', weight: 1, interactive: false }).addTo(group)
}

/** addText writes a text at a place, moved left and up by some pixels. */
function addText(group, place, text, iconAnchor) {
  const icon = L.divIcon({ className: 'graticule', html: text, iconSize: null, iconAnchor })
  L.marker(place, { icon, interactive: false, keyboard: false }).addTo(group)
}

function degrees(value, [plus, minus]) {
  const size = Number(Math.abs(value).toFixed(3))
  return `${size}°${size === 0 || size === 180 ? '' : value < 0 ? minus : plus}`
}
