// The map: shows a layer of the endpoint's WMS as one picture of the view, and a value at a click. One picture instead of
// tiles: all of it has the same colors, and a view starts one function.
import { drawGraticule } from './graticule.js'
import { drawLegend } from './legend.js'
import { fetchLayers, fetchPicture, fetchValue } from './wms.js'

const find = id => document.getElementById(id)
const invitation = 'Click the map for a value.'

/** The layer that is shown, its time, and what the map shows of it. */
const shown = { layer: null, time: '', picture: null, place: null }
let layers = []

const map = L.map('map', {
  crs: L.CRS.EPSG4326,
  zoomSnap: 0.25,
  minZoom: -2,
  maxZoom: 20,
  center: [0, 0],
  zoom: 1,
})
map.attributionControl.setPrefix('<a href="https://leafletjs.com">Leaflet</a>')
const graticule = L.layerGroup().addTo(map)

/** replaceable returns a function whose call aborts the work of the call before, and shows how the work ends. */
function replaceable(work) {
  let current = new AbortController()
  return async (...args) => {
    current.abort()
    const mine = new AbortController()
    current = mine
    try {
      await work(mine.signal, ...args)
      if (current === mine) find('failure').textContent = ''
    } catch (error) {
      if (!mine.signal.aborted) find('failure').textContent = error.message
    }
  }
}

const draw = replaceable(async signal => {
  drawGraticule(graticule, map.getBounds(), map.getSize())
  const view = viewOf(shown.layer)
  find('map').setAttribute('aria-busy', 'true')
  find('state').textContent = view ? 'Drawing …' : 'The layer has no data here.'
  try {
    const drawn = view && (await fetchPicture(shown.layer.name, shown.time, view, signal))
    if (signal.aborted) return
    remove(shown.picture)
    shown.picture = drawn && show(drawn.image, view)
    drawLegend(find('legend'), shown.layer, drawn?.range)
  } finally {
    if (!signal.aborted) {
      find('map').removeAttribute('aria-busy')
      if (view) find('state').textContent = ''
    }
  }
})

/** viewOf returns the part of the view where the layer has data, as degrees and pixels, or null. */
function viewOf(layer) {
  const view = map.getBounds()
  const [west, south, east, north] = layer.bounds
  const box = {
    west: Math.max(west, view.getWest()),
    south: Math.max(south, view.getSouth()),
    east: Math.min(east, view.getEast()),
    north: Math.min(north, view.getNorth()),
  }
  if (!(box.west < box.east && box.south < box.north)) return null
  const size = map.getSize()
  const density = Math.min(window.devicePixelRatio || 1, 2)
  const pixels = (part, whole, side) => Math.min(Math.max(Math.round((part / whole) * side * density), 2), 2048)
  return {
    ...box,
    width: pixels(box.east - box.west, view.getEast() - view.getWest(), size.x),
    height: pixels(box.north - box.south, view.getNorth() - view.getSouth(), size.y),
  }
}

/** show puts a picture on the map. Leaflet places any element as it places an SVG. */
function show(image, view) {
  const canvas = document.createElement('canvas')
  canvas.width = image.width
  canvas.height = image.height
  canvas.getContext('2d').drawImage(image, 0, 0)
  image.close()
  return L.svgOverlay(canvas, [
    [view.south, view.west],
    [view.north, view.east],
  ]).addTo(map)
}

function remove(part) {
  if (part) map.removeLayer(part)
}

const readValue = replaceable(async (signal, { lat, lng }) => {
  remove(shown.place)
  shown.place = L.circleMarker([lat, lng], { radius: 7, className: 'place', interactive: false }).addTo(map)
  const view = viewOf(shown.layer)
  if (!view || lng < view.west || lng > view.east || lat < view.south || lat > view.north) {
    find('value').textContent = `No data at ${position(lat, lng)}.`
    return
  }
  find('value').textContent = 'Reading …'
  const column = Math.min(Math.floor(((lng - view.west) / (view.east - view.west)) * view.width), view.width - 1)
  const row = Math.min(Math.floor(((view.north - lat) / (view.north - view.south)) * view.height), view.height - 1)
  try {
    const found = await fetchValue(shown.layer.name, shown.time, view, column, row, signal)
    if (signal.aborted) return
    showValue(found)
  } catch (error) {
    if (!signal.aborted) find('value').textContent = ''
    throw error
  }
})

function showValue({ values, units, coordinates }) {
  const numbers = values.map(({ name, value, label }) => {
    const number = document.createElement('span')
    number.className = 'number'
    const text = value === null ? 'no data' : `${label ?? value} ${units}`.trim()
    number.textContent = values.length > 1 ? `${name}: ${text}` : text
    return number
  })
  const place = document.createElement('span')
  place.className = 'where'
  place.textContent = `at ${position(coordinates.lat, coordinates.lon)}`
  const time = document.createElement('span')
  time.className = 'where'
  time.textContent = coordinates.time ? readable(coordinates.time) : ''
  find('value').replaceChildren(...numbers, place, ' ', time)
}

function position(lat, lon) {
  const degrees = (value, [plus, minus]) => `${Math.abs(value).toFixed(4)}° ${value < 0 ? minus : plus}`
  return `${degrees(lat, 'NS')}, ${degrees(lon, 'EW')}`
}

/** readable returns a time of the layer without the parts that are zero. */
function readable(time) {
  return time
    .replace(/T00:00:00$/, '')
    .replace(/:00$/, '')
    .replace('T', ' ')
}

function chooseLayer(name) {
  const layer = layers.find(layer => layer.name === name) ?? layers[0]
  remove(shown.place)
  remove(shown.picture)
  Object.assign(shown, { layer, time: layer.times.at(-1) ?? '', place: null, picture: null })
  find('layer').value = layer.name
  find('title').textContent = document.title = layer.title
  find('value').textContent = invitation
  find('times').hidden = layer.times.length < 2
  find('time').max = layer.times.length - 1
  find('time').value = layer.times.length - 1
  drawLegend(find('legend'), layer, null)
  showTime()
  const [west, south, east, north] = layer.bounds
  map.off('moveend', draw)
  map.fitBounds(
    [
      [south, west],
      [north, east],
    ],
    { animate: false },
  )
  map.on('moveend', draw)
  draw()
}

function showTime() {
  find('shown-time').textContent = readable(shown.time)
  find('time').setAttribute('aria-valuetext', readable(shown.time))
  find('earlier').disabled = Number(find('time').value) === 0
  find('later').disabled = Number(find('time').value) === shown.layer.times.length - 1
}

let pause
function chooseTime() {
  shown.time = shown.layer.times[Number(find('time').value)]
  showTime()
  // A slider passes many times on the way to one.
  clearTimeout(pause)
  pause = setTimeout(() => {
    draw()
    if (shown.place) readValue(shown.place.getLatLng())
  }, 200)
}

function step(by) {
  find('time').value = Number(find('time').value) + by
  chooseTime()
}

/** layerInAddress returns the name in the page's address, which anyone can write. */
function layerInAddress() {
  try {
    return decodeURIComponent(location.hash.slice(1))
  } catch {
    return ''
  }
}

async function start() {
  try {
    layers = await fetchLayers()
  } catch (error) {
    find('failure').textContent = error.message
    return
  }
  if (layers.length === 0) {
    find('state').textContent = 'No layer is published.'
    return
  }
  for (const { name, title } of layers) find('layer').add(new Option(title, name))
  find('layers').hidden = layers.length < 2
  chooseLayer(layerInAddress())
}

find('layer').addEventListener('change', event => {
  location.hash = encodeURIComponent(event.target.value)
})
window.addEventListener('hashchange', () => chooseLayer(layerInAddress()))
find('time').addEventListener('input', chooseTime)
find('earlier').addEventListener('click', () => step(-1))
find('later').addEventListener('click', () => step(1))
map.on('click', event => shown.layer && readValue(event.latlng))
map.on('keypress', event => {
  if (!shown.layer) return
  if (event.originalEvent.key === 'Enter' && event.originalEvent.target === map.getContainer())
    readValue(map.getCenter())
})
start()
