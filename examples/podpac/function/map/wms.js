// Requests to the endpoint that serves the page.

/** The endpoint: the page's URL without map. */
const endpoint = location.pathname.replace(/\/map\/?$/, '')

/** fetchLayers returns the published layers, as evaluator/viewer.py describes them. */
export async function fetchLayers() {
  return (await request('map/layers.json')).json()
}

/**
 * fetchPicture returns the picture of a layer, and the values of its first and last color. It has fewer pixels if the
 * picture of all exceeds the function's largest answer.
 */
export async function fetchPicture(layer, time, view, signal) {
  let response
  try {
    response = await request(url('GetMap', layer, time, view, { FORMAT: 'image/png' }), signal)
  } catch (error) {
    if (error.cause !== 413 || view.width < 256 || view.height < 256) throw error
    const coarser = { ...view, width: Math.round(view.width / 2), height: Math.round(view.height / 2) }
    return fetchPicture(layer, time, coarser, signal)
  }
  const range = response.headers.get('podpac-range')
  return { image: await createImageBitmap(await response.blob()), range: range ? range.split(',').map(Number) : null }
}

/** fetchValue returns the values of the layer at a pixel of a picture. */
export async function fetchValue(layer, time, view, column, row, signal) {
  const pixel = { QUERY_LAYERS: layer, INFO_FORMAT: 'application/json', I: column, J: row }
  return (await request(url('GetFeatureInfo', layer, time, view, pixel), signal)).json()
}

function url(operation, layer, time, { west, south, east, north, width, height }, more) {
  const query = new URLSearchParams({
    SERVICE: 'WMS',
    VERSION: '1.3.0',
    REQUEST: operation,
    LAYERS: layer,
    STYLES: '',
    CRS: 'EPSG:4326',
    BBOX: [south, west, north, east].join(','),
    WIDTH: width,
    HEIGHT: height,
    ...(time && { TIME: time }),
    ...more,
  })
  return `${endpoint}?${query}`
}

async function request(address, signal) {
  let response
  try {
    response = await fetch(address, { signal })
  } catch (error) {
    if (signal?.aborted) throw error
    throw new Error('The endpoint cannot be reached.')
  }
  if (response.ok) return response
  const body = await response.json().catch(() => ({}))
  const message = `The endpoint answered with status ${response.status}${body.message ? `: ${body.message}` : ''}.`
  throw new Error(message, { cause: response.status })
}
