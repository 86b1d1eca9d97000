"""What the function offers clients of WMS and WCS, as the standards describe it: WMS 1.3.0
and 1.1.1, and WCS 1.0.0.

https://www.ogc.org/standards/wms/ https://www.ogc.org/standards/wcs/
"""

import re
from xml.etree import ElementTree

from . import layers

XLINK = "http://www.w3.org/1999/xlink"
GML = "http://www.opengis.net/gml"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
ElementTree.register_namespace("gml", GML)
ElementTree.register_namespace("xsi", XSI)

TITLE = "PODPAC"

# The number of times that a document lists. Of more, clients see the first and the last.
MAX_TIMES = 5000

MAP_FORMATS = ("image/png", "image/jpeg", "image/tiff", "application/x-netcdf", "application/json")
INFO_FORMATS = ("application/json", "text/plain")
COVERAGE_FORMATS = ("GeoTIFF", "NetCDF", "PNG", "JSON")


def wms(version, url):
    return _wms_1_1_1(url) if version == "1.1.1" else _wms_1_3_0(url)


def _wms_1_3_0(url):
    root = _root("WMS_Capabilities", "http://www.opengis.net/wms", "1.3.0", "http://schemas.opengis.net/wms/1.3.0/capabilities_1_3_0.xsd")
    service = _add(root, "Service")
    _add(service, "Name", "WMS")
    _service(service, url)
    _add(service, "LayerLimit", "1")
    _add(service, "MaxWidth", "4096")
    _add(service, "MaxHeight", "4096")
    capability = _add(root, "Capability")
    _operations(capability, url, "text/xml")
    exceptions = _add(capability, "Exception")
    for name in ("XML", "application/json"):
        _add(exceptions, "Format", name)
    parent = _add(capability, "Layer")
    _add(parent, "Title", TITLE)
    for crs in ("EPSG:4326", "CRS:84", "EPSG:3857"):
        _add(parent, "CRS", crs)
    for offer in layers.offers():
        layer = _layer(parent, offer)
        west, south, east, north = _clipped(offer.extent.bounds)
        box = _add(layer, "EX_GeographicBoundingBox")
        for edge, value in (("westBoundLongitude", west), ("eastBoundLongitude", east), ("southBoundLatitude", south), ("northBoundLatitude", north)):
            _add(box, edge, _number(value))
        west, south, east, north = offer.extent.bounds
        _box(layer, "BoundingBox", (west, south, east, north), CRS="CRS:84")
        _box(layer, "BoundingBox", (south, west, north, east), CRS="EPSG:4326")
        if offer.extent.times:
            _add(layer, "Dimension", _times(offer.extent.times), name="time", units="ISO8601", default=_utc(offer.extent.times[-1]), nearestValue="0")
        _style(layer)
    return _text(root)


def _wms_1_1_1(url):
    root = ElementTree.Element("WMT_MS_Capabilities", version="1.1.1")
    service = _add(root, "Service")
    _add(service, "Name", "OGC:WMS")
    _service(service, url)
    capability = _add(root, "Capability")
    _operations(capability, url, "application/vnd.ogc.wms_xml")
    exceptions = _add(capability, "Exception")
    for name in ("application/vnd.ogc.se_xml", "application/json"):
        _add(exceptions, "Format", name)
    parent = _add(capability, "Layer")
    _add(parent, "Title", TITLE)
    for crs in ("EPSG:4326", "EPSG:3857"):
        _add(parent, "SRS", crs)
    for offer in layers.offers():
        layer = _layer(parent, offer)
        _box(layer, "LatLonBoundingBox", _clipped(offer.extent.bounds))
        _box(layer, "BoundingBox", offer.extent.bounds, SRS="EPSG:4326")
        if offer.extent.times:
            _add(layer, "Dimension", name="time", units="ISO8601")
            _add(layer, "Extent", _times(offer.extent.times), name="time", default=_utc(offer.extent.times[-1]), nearestValue="0")
        _style(layer)
    doctype = '<!DOCTYPE WMT_MS_Capabilities SYSTEM "http://schemas.opengis.net/wms/1.1.1/WMS_MS_Capabilities.dtd">\n'
    return _text(root, doctype)


def _service(service, url):
    _add(service, "Title", TITLE)
    _link(service, url)
    _add(service, "Fees", "none")
    _add(service, "AccessConstraints", "none")


def _operations(capability, url, format):
    operations = _add(capability, "Request")
    for name, formats in (("GetCapabilities", (format,)), ("GetMap", MAP_FORMATS), ("GetFeatureInfo", INFO_FORMATS)):
        operation = _add(operations, name)
        for accepted in formats:
            _add(operation, "Format", accepted)
        _link(_add(_add(_add(operation, "DCPType"), "HTTP"), "Get"), url)


def _layer(parent, offer):
    layer = _add(parent, "Layer", queryable="1")
    _add(layer, "Name", offer.name)
    _add(layer, "Title", offer.title)
    if offer.style.units:
        _add(layer, "Abstract", f"Unit: {offer.style.units}")
    return layer


def _style(layer):
    style = _add(layer, "Style")
    _add(style, "Name", "default")
    _add(style, "Title", "The pipeline's own style")


def _box(layer, tag, bounds, **attributes):
    edges = dict(zip(("minx", "miny", "maxx", "maxy"), map(_number, bounds)))
    _add(layer, tag, **attributes, **edges)


def wcs(url):
    root = _root("WCS_Capabilities", "http://www.opengis.net/wcs", "1.0.0", "http://schemas.opengis.net/wcs/1.0.0/wcsCapabilities.xsd")
    service = _add(root, "Service")
    for tag, text in (("name", "WCS"), ("label", TITLE), ("fees", "NONE"), ("accessConstraints", "NONE")):
        _add(service, tag, text)
    capability = _add(root, "Capability")
    operations = _add(capability, "Request")
    for name in ("GetCapabilities", "DescribeCoverage", "GetCoverage"):
        _link(_add(_add(_add(_add(operations, name), "DCPType"), "HTTP"), "Get"), url)
    _add(_add(capability, "Exception"), "Format", "application/vnd.ogc.se_xml")
    content = _add(root, "ContentMetadata")
    for offer in layers.offers():
        _coverage(_add(content, "CoverageOfferingBrief"), offer)
    return _text(root)


def describe_coverages(offers):
    """Return the description of coverages, by WCS 1.0.0."""
    root = _root("CoverageDescription", "http://www.opengis.net/wcs", "1.0.0", "http://schemas.opengis.net/wcs/1.0.0/describeCoverage.xsd")
    for offer in offers:
        coverage = _add(root, "CoverageOffering")
        _coverage(coverage, offer)
        domain = _add(coverage, "domainSet")
        _grid(_add(domain, "spatialDomain"), offer.extent)
        if offer.extent.times:
            times = _add(domain, "temporalDomain")
            for time in offer.extent.times:
                _add(times, f"{{{GML}}}timePosition", time)
        range = _add(_add(coverage, "rangeSet"), "RangeSet")
        _add(range, "name", offer.name)
        _add(range, "label", f"{offer.title} ({offer.style.units})" if offer.style.units else offer.title)
        systems = _add(coverage, "supportedCRSs")
        for crs in ("EPSG:4326", "EPSG:3857"):
            _add(systems, "requestResponseCRSs", crs)
        formats = _add(coverage, "supportedFormats", nativeFormat="GeoTIFF")
        for name in COVERAGE_FORMATS:
            _add(formats, "formats", name)
    return _text(root)


def _coverage(coverage, offer):
    _add(coverage, "name", offer.name)
    _add(coverage, "label", offer.title)
    # Without times: PODPAC's client and OWSLib would read two of them as limits.
    envelope = _add(coverage, "lonLatEnvelope", srsName="urn:ogc:def:crs:OGC:1.3:CRS84")
    _corners(envelope, offer.extent.bounds)


def _corners(envelope, bounds):
    west, south, east, north = map(_number, bounds)
    _add(envelope, f"{{{GML}}}pos", f"{west} {south}")
    _add(envelope, f"{{{GML}}}pos", f"{east} {north}")


def _grid(domain, extent):
    """Add a grid of the layer's cells. The cell of the northwest is the first."""
    west, south, east, north = extent.bounds
    width, height = (east - west) / extent.columns, (north - south) / extent.rows
    _corners(_add(domain, f"{{{GML}}}Envelope", srsName="EPSG:4326"), extent.bounds)
    grid = _add(domain, f"{{{GML}}}RectifiedGrid", dimension="2", srsName="EPSG:4326")
    limits = _add(_add(grid, f"{{{GML}}}limits"), f"{{{GML}}}GridEnvelope")
    _add(limits, f"{{{GML}}}low", "0 0")
    _add(limits, f"{{{GML}}}high", f"{extent.columns - 1} {extent.rows - 1}")
    for axis in ("x", "y"):
        _add(grid, f"{{{GML}}}axisName", axis)
    _add(_add(grid, f"{{{GML}}}origin"), f"{{{GML}}}pos", f"{_number(west + width / 2)} {_number(north - height / 2)}")
    _add(grid, f"{{{GML}}}offsetVector", f"{_number(width)} 0")
    _add(grid, f"{{{GML}}}offsetVector", f"0 {_number(-height)}")


def exception(version, message):
    """Return an error in the XML of WMS and WCS."""
    attributes = {"version": version}
    if version != "1.1.1":
        attributes["xmlns"] = "http://www.opengis.net/ogc"
    root = ElementTree.Element("ServiceExceptionReport", attributes)
    _add(root, "ServiceException", message)
    return _text(root)


def _root(tag, namespace, version, schema):
    attributes = {"xmlns": namespace, "version": version, f"{{{XSI}}}schemaLocation": f"{namespace} {schema}"}
    return ElementTree.Element(tag, attributes)


def _add(parent, tag, text=None, **attributes):
    element = ElementTree.SubElement(parent, tag, attributes)
    if text is not None:
        element.text = _INVALID.sub("\N{REPLACEMENT CHARACTER}", text)
    return element


# What XML 1.0 has no characters for.
_INVALID = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _link(parent, url):
    element = _add(parent, "OnlineResource")
    # The DTD of WMS 1.1.1 allows the namespace only here.
    for name, value in (("xmlns:xlink", XLINK), ("xlink:type", "simple"), ("xlink:href", url)):
        element.set(name, value)


def _number(value):
    return repr(round(float(value), 10))


def _clipped(bounds):
    """Return bounds within those of the globe. Data from 0 to 360 degrees goes beyond."""
    west, south, east, north = bounds
    if west < -180 or east > 180:
        west, east = -180.0, 180.0
    return west, south, east, north


def _utc(time):
    return time + "Z"


def _times(times):
    if len(times) > MAX_TIMES:
        return f"{_utc(times[0])}/{_utc(times[-1])}/0"
    return ",".join(map(_utc, times))


def _text(root, doctype=""):
    ElementTree.indent(root)
    return ('<?xml version="1.0" encoding="UTF-8"?>\n' + doctype + ElementTree.tostring(root, encoding="unicode") + "\n").encode()
