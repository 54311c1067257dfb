/** Time on screen: the range in the URL, zones, the picker and the shared clock. */
export { useNow } from "./clock";
export { permalink } from "./link";
export { agoOf, DEFAULT_RANGE, NOW, parseBound, printBound, resolve, type Bound, type Range, type Span } from "./range";
export { PRESETS, type PresetName } from "./presets";
export { rangeText, spanText, zoneText } from "./rangeText";
export { BadRange, rangeSearch, type RangeSearch } from "./search";
export { TimePicker } from "./TimePicker";
export { useRange, type RangeChange, type RangeState } from "./useRange";
export { useZone } from "./useZone";
export { SiteZone, useZones, zoneOf } from "./zones";
export { addDays, DAY, HOUR, MINUTE, SECOND, startOf } from "./zone";
